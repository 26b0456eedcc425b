import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { GRAVE, richEntry } from '../queue/conformance.ts'
import { serveStage, SOON } from '../testing/serve-stage.ts'
import { sqliteQueue } from './sqlite-queue.ts'

const ADMIN = { WARREN_ADMIN_TOKEN: 'admin-hush-0123456789' }
const headers = { authorization: `Bearer ${ADMIN.WARREN_ADMIN_TOKEN}` }

const stage = serveStage()
const { bodyOf, delivered, post, start } = stage
const metrics = async (url: string) => (await (await fetch(`${url}/metrics`)).text()).split('\n')

/** Puts dead letters into the database that the next collector will open. */
async function bury(uuids: string[], source = 'open'): Promise<void> {
  const queue = sqliteQueue(join(stage.folder, 'warren.db'))
  const lane = 'default/unmatched'
  await queue.enqueue(
    source,
    uuids.map((uuid) => richEntry(uuid, { lane, time: 1 })),
  )
  const held = await queue.lease(lane, { events: 500, bytes: 1e7 }, 1000)
  await queue.settle([{ lease: held?.id ?? -1, verdict: 'bury', ...GRAVE }])
  await queue.close()
}

describe('the operator’s interface', () => {
  it('is there with WARREN_ADMIN_TOKEN alone', async () => {
    const without = await start({ queue: 'memory:' })
    expect((await fetch(`${without.url}/admin/dead`, { headers })).status).toBe(404)
    await without.stop()
    const { url } = await start({ queue: 'memory:' }, ADMIN)
    expect((await fetch(`${url}/admin/dead`)).status).toBe(401)
    expect(await (await fetch(`${url}/admin/dead`, { headers })).json()).toEqual({ letters: [] })
    expect(stage.logs.join()).not.toContain('hush')
  })

  it('replays what is delivered then, edited or not, and shows it in the metrics', async () => {
    await bury(['1', '2', '3'])
    const publicParams = JSON.stringify({ isMatching: true, matchingType: 2, identifyWay: 1 })
    const { url } = await start({}, { ...ADMIN, RABBITPRE_PUBLIC_PARAMS: publicParams })
    expect(await metrics(url)).toContain('warren_dead_letters{lane="default/unmatched"} 3')
    const ask = (path: string, body: object) =>
      fetch(`${url}/admin/dead${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    const event = { uuid: '1', eventKey: 'c_buy', time: 1, identity: { openid: 'o' } }
    expect(await (await ask('/1/replay', { event })).json()).toEqual({ count: 1, lane: 'default/matched' })
    expect(await (await ask('/replay', { ids: [2] })).json()).toEqual({ count: 1 })
    expect(await (await ask('/discard', { ids: [3] })).json()).toEqual({ count: 1 })
    await expect.poll(async () => (await delivered()).total, SOON).toBe(2)
    const { events } = await delivered()
    expect(events.find(({ uuid }) => uuid === '1')).toMatchObject({ event: { openid: 'o' } })
    const seen = await metrics(url)
    for (const line of [
      'warren_dead_replayed_total{lane="default/unmatched"} 2',
      'warren_dead_discarded_total{lane="default/unmatched",cause="operator"} 1',
    ]) {
      expect(seen).toContain(line)
    }
    const letters = seen.filter((line) => line.startsWith('warren_dead_letters{'))
    expect(letters.map((line) => line.split(' ').at(-1))).toEqual(['0', '0'])
    expect(stage.logs.join()).not.toContain('hush')
  })

  it('refuses to start with a token that no header can carry', async () => {
    await expect(start({}, { WARREN_ADMIN_TOKEN: 'hush hush' })).rejects.toThrow(/^WARREN_ADMIN_TOKEN: may hold/)
  })
})

it('begins with the dead letters that are too many or too old by its settings', async () => {
  await bury(['1', '2', '3'])
  const first = await start({ config: '{"deadLetters":{"maxEvents":2}}' })
  await expect.poll(() => stage.logs.join(), SOON).toContain('"cause":"count","count":1')
  await expect.poll(() => metrics(first.url), SOON).toContain('warren_dead_letters{lane="default/unmatched"} 2')
  await first.stop()
  const { url } = await start({ config: '{"deadLetters":{"keepDays":1e-9}}' })
  await expect
    .poll(() => metrics(url), SOON)
    .toContain('warren_dead_discarded_total{lane="default/unmatched",cause="age"} 2')
})

describe('bounds', () => {
  it.each(['sqlite:', 'memory:'])('of the queue (%s): a batch over them is a 503', async (queue) => {
    const destinations = { default: { credentials: 'none', baseUrl: 'http://127.0.0.1:9' } }
    const credentials = { none: { token: { variable: 'T' } } }
    const config = JSON.stringify({ credentials, destinations, queue: { maxEvents: 500 } })
    const environment = { T: 'tok-hush', RABBITPRE_TOKEN: '', RABBITPRE_BASE_URL: '' }
    const { url } = await start({ config, queue }, environment)
    const names = Array.from({ length: 500 }, (_, i) => `e${i}`)
    expect(await post(url, bodyOf(names))).toBe(200)
    expect(await post(url, bodyOf(['one']))).toBe(503)
    expect(stage.logs.join()).toContain('of at most 500')
  })

  it('of the disk: nothing new is taken while less is free', async () => {
    const { url } = await start({ config: '{"queue":{"minFreeDiskBytes":9007199254740991}}' })
    expect(await post(url, bodyOf(['one']))).toBe(503)
    expect(stage.logs.join()).toContain('the disk has room for')
  })

  it('of a call: its events and its bytes', async () => {
    const { url } = await start({
      config: '{"destinations":{"default":{"credentials":"environment","maxCallEvents":3}}}',
    })
    expect(await post(url, bodyOf(Array.from({ length: 20 }, (_, i) => `e${i}`)))).toBe(200)
    await expect.poll(async () => (await delivered()).total, SOON).toBe(20)
    for (const { events } of await stage.calls()) expect(events).toBeLessThanOrEqual(3)
  })

  it('of a call in bytes', async () => {
    const { url } = await start({
      config: '{"destinations":{"default":{"credentials":"environment","maxCallBytes":65536}}}',
    })
    const events = Array.from({ length: 10 }, (_, i) => ({
      uuid: `${i}`,
      eventKey: 'k',
      args: { x: 'x'.repeat(20_000) },
    }))
    expect(await post(url, JSON.stringify({ v: 1, events }))).toBe(200)
    await expect.poll(async () => (await delivered()).total, SOON).toBe(10)
    for (const call of await stage.calls()) expect(call.events).toBeLessThanOrEqual(2)
  })
})

it('shows the size of the WAL', async () => {
  const { url } = await start()
  expect(await post(url, bodyOf(['one']))).toBe(200)
  expect((await metrics(url)).find((line) => /^warren_wal_bytes [1-9]\d*$/.test(line))).toBeDefined()
})
