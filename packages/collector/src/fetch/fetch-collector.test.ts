import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createSandbox } from '@warren/rabbitpre/sandbox'
import { tallyTelemetry } from '../edge/tally.ts'
import { createFetchCollector, type FetchCollectorOptions } from './fetch-collector.ts'

const APP = { RABBITPRE_APPID: 'app-1', RABBITPRE_SECRET: 'secret-hush' }
const CONFIG = JSON.stringify({ sources: { shop: { kind: 'web', origins: ['https://shop.example'] } } })
const BATCH = {
  v: 1,
  sentAt: Date.now(),
  device: 'device-1',
  writers: [{ id: 'w', given: 1, dropped: {} }],
  events: [{ uuid: 'u1', writer: 'w', seq: 0, eventKey: 'c_buy', time: Date.now() }],
}

let sandbox: ReturnType<typeof createSandbox>
beforeEach(() => {
  sandbox = createSandbox({ app: { appid: 'app-1', secret: 'secret-hush' } })
})
const platform = async (input: RequestInfo | URL, init?: RequestInit) => sandbox.fetch(new Request(input, init))

function collector(options: Partial<FetchCollectorOptions> = {}) {
  const logs: string[] = []
  const telemetry = tallyTelemetry((level, message, fields) => logs.push(JSON.stringify({ level, message, ...fields })))
  return {
    logs,
    ...createFetchCollector({ env: { ...APP, WARREN_CONFIG: CONFIG }, telemetry, fetch: platform, ...options }),
  }
}

const post = (to: { fetch: (request: Request, context?: unknown) => Promise<Response> }, context?: unknown) =>
  to.fetch(
    new Request('https://edge.example/v1/batch?source=shop', {
      method: 'POST',
      headers: { origin: 'https://shop.example', 'content-type': 'text/plain;charset=UTF-8' },
      body: JSON.stringify(BATCH),
    }),
    context,
  )

const get = (to: { fetch: (request: Request) => Promise<Response> }, path: string, init: RequestInit = {}) =>
  to.fetch(new Request(`https://edge.example${path}`, init))

describe('a collector that is set up', () => {
  it('forwards a batch within its request', async () => {
    const one = collector()
    const response = await post(one)
    expect([response.status, await response.json()]).toEqual([200, { v: 1, accepted: 1, rejected: [], retry: [] }])
    expect(await (await sandbox.request('/_sandbox/events')).json()).toMatchObject({ total: 1 })
    expect(await (await get(one, '/readyz')).json()).toMatchObject({
      status: 'ready',
      lanes: [{ lane: 'default/unmatched', state: 'idle' }],
    })
  })

  it('tells trouble as a problem that pages can read, with Retry-After, and no word of what is wrong', async () => {
    const one = collector({ env: { ...APP, RABBITPRE_SECRET: 'other-hush', WARREN_CONFIG: CONFIG } })
    const response = await post(one)
    expect(response.status).toBe(503)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(5)
    const text = await response.text()
    expect(text).not.toMatch(/hush|100100|appid/)
    expect(one.logs.join()).toContain('100100')
    expect(one.logs.join()).not.toContain('hush')
  })

  it('shares the sealed token with other isolates by its store, and what was taken', async () => {
    const kept = new Map<string, string>()
    const store = {
      get: (key: string) => Promise.resolve(kept.get(key) ?? null),
      put: (key: string, value: string) => Promise.resolve(void kept.set(key, value)),
    }
    await post(collector({ store }))
    const second = await post(collector({ store }))
    expect(await second.json()).toMatchObject({ accepted: 1 })
    const { calls } = (await (await sandbox.request('/_sandbox/tokens')).json()) as { calls: unknown[] }
    expect(calls).toHaveLength(1)
    expect(await (await sandbox.request('/_sandbox/events')).json()).toMatchObject({ total: 1, repeats: 0 })
    expect([...kept.keys()].toSorted()).toEqual([expect.stringMatching(/^warren_seen_/), 'warren_token_environment'])
  })

  it('shows its counters to who has the admin token', async () => {
    const env = { ...APP, WARREN_CONFIG: CONFIG, WARREN_ADMIN_TOKEN: 'the-operator' }
    const one = collector({ env })
    await post(one)
    expect((await get(one, '/metrics')).status).toBe(401)
    const response = await get(one, '/metrics', { headers: { authorization: 'Bearer the-operator' } })
    expect(await response.text()).toContain('warren_delivered_total{lane="default/unmatched"} 1')
    expect((await get(collector(), '/metrics')).status).toBe(404)
  })

  it('lets a request that the runtime can keep alive end, and takes whatever else is handed along', async () => {
    const waitUntil = vi.fn()
    await post(collector(), { waitUntil })
    expect(waitUntil).toHaveBeenCalledOnce()
    for (const context of [undefined, null, 'x', {}, { waitUntil: 1 }]) {
      expect((await post(collector(), context)).status).toBe(200)
    }
  })

  it('has the scripts that it is given, and takes batches where it is told', async () => {
    const config = { ...(JSON.parse(CONFIG) as object), batchPaths: ['/c'] }
    const one = collector({
      env: { ...APP, WARREN_CONFIG: config },
      scripts: [{ name: 'warren', text: 'var warren', hash: 'abc', integrity: 'sha384-abc' }],
    })
    expect(await (await get(one, '/v1/warren.js')).text()).toBe('var warren')
    expect((await get(one, '/c')).status).toBe(405)
  })
})

describe('a collector that is not set up', () => {
  it.each([
    ['nothing', {}, 'set RABBITPRE_APPID and RABBITPRE_SECRET'],
    ['no sources', APP, 'WARREN_CONFIG: no sources are configured'],
    ['half a credential', { RABBITPRE_SECRET: 'secret-hush', WARREN_CONFIG: CONFIG }, 'RABBITPRE_APPID is not'],
    ['a token that no header carries', { RABBITPRE_TOKEN: 'hush\u0001', WARREN_CONFIG: CONFIG }, 'no HTTP header'],
    ['a file', { RABBITPRE_TOKEN_FILE: '/run/token', WARREN_CONFIG: CONFIG }, 'there are no files here'],
    ['broken JSON', { ...APP, WARREN_CONFIG: '{' }, 'WARREN_CONFIG: the configuration is not JSON'],
  ])('with %s is alive, and answers 503 that says what to set', async (_, env, words) => {
    const one = collector({ env })
    expect((await get(one, '/healthz')).status).toBe(200)
    for (const response of [await post(one), await get(one, '/readyz'), await get(one, '/metrics')]) {
      expect(response.status).toBe(503)
      const text = await response.text()
      expect(text).toContain(words)
      expect(text).not.toContain('hush')
    }
    expect(one.logs).toEqual([expect.stringContaining(words.slice(0, 20))])
  })
})
