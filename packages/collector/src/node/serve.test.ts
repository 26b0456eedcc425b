import { existsSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { serveStage, SOON } from '../testing/serve-stage.ts'
import type { Environment } from '../settings/environment.ts'
import { SettingsError } from '../settings/settings-error.ts'
import type { Running } from './serve.ts'
import type { ServeFlags } from './settings.ts'

const KEY = 'key-hush-0123456789'

const stage = serveStage()
const { bodyOf, delivered, post, script, start } = stage
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

it('carries events over two lanes to the platform, and counts them', async () => {
  const publicParams = { isMatching: true, matchingType: 2, identifyWay: 1 }
  const { url } = await start({}, { RABBITPRE_PUBLIC_PARAMS: JSON.stringify(publicParams) })
  expect(await post(url, bodyOf(['known'], { openid: 'o1' }))).toBe(200)
  expect(await post(url, bodyOf(['nobody', 'nobody']))).toBe(200)
  expect(await post(url, 'not a batch')).toBe(400)
  await expect.poll(async () => (await delivered()).total, SOON).toBe(2)
  const byUuid = Object.fromEntries((await delivered()).events.map((one) => [one.uuid, one]))
  expect(byUuid['known']).toMatchObject({ count: 1, publicParams, event: { openid: 'o1', eventKey: 'c_buy' } })
  expect(byUuid['nobody']).toMatchObject({ count: 1, publicParams: { isMatching: false } })
  expect(byUuid['nobody']?.event).not.toHaveProperty('openid')

  const metrics = async () => (await fetch(`${url}/metrics`)).text()
  await expect.poll(metrics, SOON).toContain('warren_queue_events{lane="default/matched"} 0')
  const text = await metrics()
  for (const line of [
    'warren_batches_total{source="open",status="200"} 2',
    'warren_batches_total{source="open",status="400"} 1',
    'warren_events_total{source="open",outcome="fresh"} 2',
    'warren_events_total{source="open",outcome="repeated"} 1',
    'warren_calls_total{lane="default/matched",outcome="delivered"} 1',
    'warren_delivered_total{lane="default/unmatched"} 1',
    'warren_queue_events{lane="default/unmatched"} 0',
  ]) {
    expect(text.split('\n')).toContain(line)
  }
  expect(text).toMatch(/warren_commit_seconds_count \d+/)
  expect(text).toMatch(/warren_call_seconds_count\{lane="default\/matched"\} 1/)

  const ready = (await (await fetch(`${url}/readyz`)).json()) as { lanes: unknown[] }
  expect(ready).toMatchObject({ status: 'ready', lanes: [{ state: 'idle' }, { state: 'idle' }] })
  expect(await (await fetch(`${url}/v1/warren.js`)).text()).toBe('var warren')
  expect(text + stage.logs.join() + JSON.stringify(ready)).not.toContain('hush')
})

it('says what it is doing, and nothing secret, where the platform refuses the token', async () => {
  const { url } = await start({}, { RABBITPRE_TOKEN: 'other-hush' })
  expect(await post(url, bodyOf(['one']))).toBe(200)
  const ready = async () => (await fetch(`${url}/readyz`)).text()
  await expect.poll(ready, SOON).toContain('unauthorised')
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  const all = (await ready()) + stage.logs.join() + (await (await fetch(`${url}/metrics`)).text())
  expect(all).toContain('the credentials are refused')
  expect(all).not.toContain('hush')
})

it('takes configured sources alone, with their keys', async () => {
  const config = JSON.stringify({ sources: { shop: { kind: 'server', key: { variable: 'SHOP_KEY' } } } })
  const { url } = await start({ config }, { SHOP_KEY: ` ${KEY}\n` })
  expect(await post(url, bodyOf(['one']))).toBe(401)
  expect(await post(url, bodyOf(['one']), { authorization: `Bearer ${KEY}` })).toBe(200)
  expect(await post(`${url}/v1/batch?source=other#`, bodyOf(['one']))).toBe(401)
  await expect.poll(async () => (await delivered()).total, SOON).toBe(1)
  expect(stage.logs.join()).not.toContain('hush')
})

describe('stop', () => {
  /** A connection with the beginning of a request on it. */
  function begin(url: string, body: string): { finish: () => void; answer: Promise<string>; isOpen: Promise<void> } {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' })
    sockets.push(socket)
    let text = ''
    socket.on('data', (chunk) => (text += chunk.toString()))
    socket.on('error', () => undefined)
    const answer = new Promise<string>((resolve) => socket.on('close', () => resolve(text)))
    // The 100 says that the server has the head in hand.
    const isOpen = new Promise<void>((resolve) => socket.once('data', () => resolve()))
    socket.write(
      `POST /v1/batch HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`,
    )
    return { finish: () => socket.write(body), answer, isOpen }
  }

  it('answers what is in hand, records the call in flight; the next start finds the rest', async () => {
    const one = await start()
    await script({ kind: 'slow', ms: 300, store: 'before', times: 1 })
    const many = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `e${from + i}`)
    expect(await post(one.url, bodyOf(many(0, 500)))).toBe(200)
    await expect.poll(async () => (await stage.calls()).length, SOON).toBe(1)
    expect(await post(one.url, bodyOf(many(500, 700)))).toBe(200)
    const open = [begin(one.url, bodyOf(['late1'])), begin(one.url, bodyOf(['late2']))]
    await Promise.all(open.map(({ isOpen }) => isOpen))

    let isStopped = false
    const stopping = one.stop().then(() => (isStopped = true))
    expect(one.stop()).toBe(one.stop())
    await expect(fetch(`${one.url}/healthz`)).rejects.toThrow()
    expect(isStopped).toBe(false)
    for (const { finish } of open) finish()
    for (const { answer } of open) {
      expect(await answer).toMatch(/HTTP\/1\.1 200 OK[\s\S]*connection: close[\s\S]*"accepted":1/i)
    }
    await stopping
    expect((await delivered()).total).toBe(500)

    const next = await start()
    await expect.poll(async () => (await delivered()).total, SOON).toBe(702)
    expect((await delivered()).repeats).toBe(0)
    // And what was delivered before is known.
    expect(await post(next.url, bodyOf(['e0', 'late1']))).toBe(200)
    const metrics = await (await fetch(`${next.url}/metrics`)).text()
    expect(metrics).toContain('outcome="repeated"} 2')
  })

  it('is not held by connections that do nothing, nor by a body that never ends', { timeout: 20_000 }, async () => {
    const one = await start()
    expect(await post(one.url, bodyOf(['kept']))).toBe(200)
    const idle = connect({ port: Number(new URL(one.url).port), host: '127.0.0.1' })
    sockets.push(idle)
    await new Promise((resolve) => idle.once('connect', resolve))
    const stuck = begin(one.url, bodyOf(['never']))
    await stuck.isOpen
    await one.stop()
    expect(await stuck.answer).not.toContain('200 OK')
    await start()
    await expect.poll(async () => (await delivered()).events.map(({ uuid }) => uuid), SOON).toEqual(['kept'])
  })
})

describe('a start that fails says why, and holds nothing', () => {
  const failure = async (started: Promise<Running>) => {
    const error: unknown = await started.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(SettingsError)
    expect(String(error)).not.toContain('hush')
    return (error as Error).message
  }

  it('a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as AddressInfo
    try {
      expect(await failure(start({ port: String(port) }))).toBe(
        `--port/PORT: port ${port} on 127.0.0.1 is taken: give another with --port`,
      )
    } finally {
      await new Promise((resolve) => taken.close(resolve))
    }
    // The database is free: its WAL went with the last connection.
    expect(existsSync(join(stage.folder, 'warren.db'))).toBe(true)
    expect(existsSync(join(stage.folder, 'warren.db-wal'))).toBe(false)
    const { url } = await start()
    expect(await post(url, bodyOf(['one']))).toBe(200)
  })

  it.each<[string, () => ServeFlags, Environment, RegExp]>([
    [
      'a database in no folder',
      () => ({ db: join(stage.folder, 'none', 'warren.db') }),
      {},
      /^--db\/WARREN_DB: .* cannot be opened: there is no folder .*none: make it first$/,
    ],
    ['a database that is a folder', () => ({ db: stage.folder }), {}, /^--db\/WARREN_DB: .* cannot be opened/],
    [
      'a host that is not this machine',
      () => ({ host: '192.0.2.1', config: '{"sources":{"s":{"kind":"miniprogram"}}}' }),
      {},
      /^--host\/HOST: EADDRNOTAVAIL/,
    ],
    [
      'a token of two lines',
      () => ({}),
      { RABBITPRE_TOKEN: 'hush\nhush' },
      /^credentials\.environment\.token: the token holds/,
    ],
    [
      'a token file that is not there',
      () => ({}),
      { RABBITPRE_TOKEN: '', RABBITPRE_TOKEN_FILE: '/nowhere/token' },
      /^credentials\.environment\.token: .*\/nowhere\/token/,
    ],
    [
      'a key that is not set',
      () => ({ config: '{"sources":{"s":{"kind":"server","key":{"variable":"S_KEY"}}}}' }),
      {},
      /^sources\.s\.key: the variable S_KEY is not set$/,
    ],
    [
      'a key that no header can carry',
      () => ({ config: '{"sources":{"s":{"kind":"server","key":{"variable":"S_KEY"}}}}' }),
      { S_KEY: '钥匙' },
      /^sources\.s\.key: must be of visible ASCII characters alone, since a header carries it$/,
    ],
  ])('%s', async (_, flags, environment, words) => {
    expect(await failure(start(flags(), environment))).toMatch(words)
  })
})
