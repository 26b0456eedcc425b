import { afterEach, describe, expect, it } from 'vitest'
import { post, timeUuid } from '../support/load.ts'
import { counter } from '../support/metrics.ts'
import { CLOUDFLARE_WORKER } from '../support/homes/workerd.ts'
import { freshFolder } from '../support/processes.ts'
import { startSandbox, TOKEN, towards, type TestSandbox } from '../support/sandbox.ts'
import { startWorkerd, type Workerd, type WorkerdOptions } from '../support/workerd.ts'

const ADMIN = { headers: { authorization: 'Bearer the-operator' } }
const source = (more: object = {}) => ({ kind: 'web', origins: ['*'], ...more })

const ended: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end()
})

async function upstream(): Promise<TestSandbox> {
  const sandbox = await startSandbox()
  ended.push(sandbox.close)
  return sandbox
}

/** The example's Worker with these bindings. */
async function start(
  bindings: Record<string, string | object>,
  options: Partial<WorkerdOptions> = {},
): Promise<Workerd> {
  const workerd = await startWorkerd({
    entry: CLOUDFLARE_WORKER,
    bindings: bindings as Record<string, string>,
    durableObjects: { WARREN_QUEUES: 'WarrenQueue', WARREN_TOKENS: 'WarrenToken' },
    ...options,
  } as WorkerdOptions)
  ended.push(workerd.dispose)
  return workerd
}

describe('a Worker that is not set up', () => {
  it.each([
    ['nothing at all', {}, 'set RABBITPRE_APPID and RABBITPRE_SECRET'],
    ['no sources', { RABBITPRE_TOKEN: TOKEN }, 'WARREN_CONFIG: no sources are configured'],
    ['a secret without its appid', { RABBITPRE_SECRET: TOKEN }, 'RABBITPRE_APPID is not'],
  ])('with %s is alive, refuses, and says what to set', async (_, bindings, words) => {
    const { url, output } = await start(bindings)
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'alive' })
    for (const [path, init] of [
      ['/readyz', {}],
      ['/v1/batch?source=shop', { method: 'POST', body: '{}' }],
    ] as const) {
      const response = await fetch(url + path, init)
      expect(response.status).toBe(503)
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      expect(response.headers.get('retry-after')).toBe('60')
      const text = await response.text()
      expect(text).toContain(words)
      expect(text).not.toContain(TOKEN)
    }
    expect(output()).toContain(words)
    expect(output()).not.toContain(TOKEN)
  })

  it('nor bound to its objects says which binding is missing', async () => {
    const bindings = { RABBITPRE_TOKEN: TOKEN, WARREN_CONFIG: { sources: { shop: source() } } }
    const { url } = await start(bindings, { durableObjects: { WARREN_QUEUES: 'WarrenQueue' } })
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({
      detail: expect.stringContaining('WARREN_TOKENS: bind it to the Durable Object class WarrenToken'),
    })
  })
})

describe('a source with shards', () => {
  it('knows a repeat wherever the Worker runs, and refuses another number of shards until it is set back', async () => {
    const sandbox = await upstream()
    const folder = freshFolder()
    ended.push(folder.remove)
    const withShards = (shards: number) =>
      start({ ...towards(sandbox), WARREN_CONFIG: { sources: { load: source({ shards }) } } }, { persist: folder.path })
    const send = async (url: string, d: string, uuid: string) => {
      const body = JSON.stringify({ v: 1, sentAt: Date.now(), device: `${d}xyz`, writers: [], events: [event(uuid)] })
      return fetch(`${url}/v1/batch?source=load&d=${d}`, { method: 'POST', body })
    }
    const event = (uuid: string) => ({ uuid, writer: 'w', seq: 0, eventKey: 'c_buy', time: Date.now() })
    const devices = Array.from({ length: 12 }, (_, n) => `${String.fromCharCode(97 + n)}q`)
    const uuids = devices.map(() => timeUuid())
    const sendAll = async (url: string) =>
      Promise.all(devices.map(async (d, n) => (await send(url, d, uuids[n] ?? '')).status))

    const first = await withShards(3)
    expect(new Set(await sendAll(first.url))).toEqual(new Set([200]))
    await expect.poll(async () => (await sandbox.events()).total, { timeout: 15_000 }).toBe(devices.length)
    // What was delivered and is not recorded yet would be sent again after the end.
    await expect.poll(() => waiting(first.url), { timeout: 15_000 }).toBe(0)
    await first.dispose()

    const other = await withShards(2)
    const refused = await send(other.url, 'aq', timeUuid())
    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject({
      detail: expect.stringMatching(/sources\.load\.shards: is 2, and was 3 .*give the source a new id/),
    })
    expect((await fetch(`${other.url}/readyz`)).status).toBe(503)
    await other.dispose()

    const back = await withShards(3)
    expect(new Set(await sendAll(back.url))).toEqual(new Set([200]))
    const fresh = timeUuid()
    expect((await send(back.url, 'zz', fresh)).status).toBe(200)
    await expect.poll(async () => (await sandbox.events()).total, { timeout: 15_000 }).toBe(devices.length + 1)
    expect((await sandbox.events()).repeats).toBe(0)
  })
})

/** Events that a collector has, by its own word. */
async function waiting(url: string): Promise<number> {
  const { lanes } = (await (await fetch(`${url}/readyz`)).json()) as { lanes: { events: number }[] }
  return lanes.reduce((sum, { events }) => sum + events, 0)
}

describe('an operator of a Worker', () => {
  it('sees what the platform would not have, replays it, and reads the metrics of all objects', async () => {
    const sandbox = await upstream()
    await sandbox.script({ kind: 'refuse', code: '100400', msg: 'not defined', match: { eventKey: 'c_typo' } })
    const { url } = await start({
      ...towards(sandbox),
      WARREN_ADMIN_TOKEN: 'the-operator',
      WARREN_CONFIG: { sources: { load: source(), other: source() } },
    })
    const typo = timeUuid()
    await post(url, [typo], { keyOf: () => 'c_typo' })
    await post(url, [timeUuid(), timeUuid()])
    const letters = async () =>
      ((await (await fetch(`${url}/admin/dead`, ADMIN)).json()) as { letters: { id: number; uuid: string }[] }).letters
    // It is buried after two lone refusals, ten seconds apart, with others delivered between.
    await expect
      .poll(
        async () => {
          await post(url, [timeUuid()])
          return letters()
        },
        { timeout: 50_000, interval: 1000 },
      )
      .toHaveLength(1)
    const [letter] = await letters()
    expect(letter).toMatchObject({
      uuid: typo,
      source: 'load',
      code: '100400',
      words: expect.stringContaining('not def'),
    })

    expect((await fetch(`${url}/metrics`)).status).toBe(401)
    expect((await fetch(`${url}/admin/dead`)).status).toBe(401)
    expect(await counter(url, 'warren_dead_letters', {}, ADMIN)).toBe(1)
    expect(await counter(url, 'warren_events_total', { source: 'load', outcome: 'fresh' }, ADMIN)).toBeGreaterThan(2)

    await sandbox.clearFaults()
    const replayed = await fetch(`${url}/admin/dead/replay`, {
      ...ADMIN,
      method: 'POST',
      body: JSON.stringify({ ids: [letter?.id] }),
    })
    expect(await replayed.json()).toMatchObject({ count: 1 })
    const delivered = async () => (await sandbox.events()).events.some(({ uuid }) => uuid === typo)
    await expect.poll(delivered, { timeout: 15_000 }).toBe(true)
    expect(await letters()).toEqual([])
  })
})
