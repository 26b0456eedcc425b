import { describe, expect, it } from 'vitest'
import { createCollector } from './app.ts'
import type { CollectorOptions } from './collector-options.ts'
import { openSource } from './sources.ts'
import { silentTelemetry } from './telemetry.ts'
import { appStage, DESTINATIONS } from './testing/app-stage.ts'

const stage = appStage()
const { collector, logs } = stage

describe('the other paths', () => {
  const get = async (path: string, options: Partial<CollectorOptions> = {}, headers: Record<string, string> = {}) =>
    collector(options).request(path, { headers })

  it('readyz tells its state and every lane', async () => {
    const lanes = () => [{ lane: 'a/unmatched', state: 'waiting' as const, events: 3, words: 'HTTP 503' }]
    expect(await (await get('/readyz', { lanes })).json()).toEqual({ status: 'ready', lanes: lanes() })
    const stopping = await get('/readyz', { lanes, isStopping: () => true })
    expect(await stopping.json()).toEqual({ status: 'stopping', lanes: lanes() })
    const broken = { ...stage.queue, enqueue: () => Promise.reject(new Error('read-only')) }
    expect(await (await get('/readyz', { sink: broken })).json()).toEqual({ status: 'cannot store', lanes: [] })
    expect(logs.join()).toContain('read-only')
    expect(await (await get('/healthz', { sink: broken })).json()).toEqual({ status: 'alive' })
  })

  it.each([
    ['can store', 'ready', 200],
    ['cannot store', 'cannot store', 503],
  ])('readyz tells whether it %s, also where nobody can tell of the lanes', async (_, status, code) => {
    const lanes = () => Promise.reject(new Error('an object is overloaded'))
    const broken = { ...stage.queue, enqueue: () => Promise.reject(new Error('an object is overloaded')) }
    const response = await get('/readyz', { lanes, ...(code === 503 ? { sink: broken } : {}) })
    expect([response.status, await response.json()]).toEqual([code, { status, lanes: [] }])
    expect(logs.join()).toContain('overloaded')
  })

  it('takes batches at other paths too, as at its own', async () => {
    const app = collector({ batchPaths: ['/x/y', '/z'] })
    for (const path of ['/v1/batch', '/x/y', '/z']) {
      const answered = await app.request(`${path}?source=shop`, { method: 'POST', body: '{"v":1,"events":[]}' })
      const refused = await app.request(path, { method: 'PUT' })
      expect([path, answered.status, refused.status, refused.headers.get('allow')]).toEqual([
        path,
        (await app.request('/v1/batch?source=shop', { method: 'POST', body: '{"v":1,"events":[]}' })).status,
        405,
        'POST, OPTIONS',
      ])
    }
    expect((await app.request('/x', { method: 'POST', body: '{}' })).status).toBe(404)
  })

  it('serves the script with its ETag', async () => {
    const response = await get('/v1/warren.js')
    expect(await response.text()).toBe('var warren')
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(response.headers.get('etag')).toBe('"abc"')
    expect(response.headers.get('cache-control')).toBe('public, max-age=3600')
    expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    for (const known of ['"abc"', 'W/"abc"', '"old", "abc"']) {
      const again = await get('/v1/warren.js', {}, { 'if-none-match': known })
      expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', '"abc"'])
    }
    expect((await get('/v1/warren.js', {}, { 'if-none-match': '"ab"' })).status).toBe(200)
  })

  it('serves the script at the address of its hash for good, and no other bytes at any other hash', async () => {
    const response = await get('/v1/warren.abc.js')
    expect(await response.text()).toBe('var warren')
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(response.headers.get('etag')).toBe('"abc"')
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect((await get('/v1/warren.abc.js', {}, { 'if-none-match': '"abc"' })).status).toBe(304)
    for (const path of ['/v1/warren.abd.js', '/v1/warren.ab.js', '/v1/warren..js', '/v1/warren.full.js']) {
      const other = await get(path, {}, { 'if-none-match': '"abc"' })
      expect([path, other.status, other.headers.get('content-type')]).toEqual([path, 404, 'application/problem+json'])
      expect(other.headers.get('cache-control')).toBe('no-store')
      expect(await other.json()).toMatchObject({ detail: expect.stringContaining('/v1/warren.abc.js') })
    }
  })

  it('serves several scripts side by side', async () => {
    const script = (name: string, hash: string) => ({ name, text: `// ${name}`, hash, integrity: 'sha384-x' })
    const scripts = [script('warren', 'abc'), script('warren.other', 'def')]
    for (const [path, text] of [
      ['/v1/warren.js', '// warren'],
      ['/v1/warren.abc.js', '// warren'],
      ['/v1/warren.other.js', '// warren.other'],
      ['/v1/warren.other.def.js', '// warren.other'],
    ] as const)
      expect(await (await get(path, { scripts })).text()).toBe(text)
    expect((await get('/v1/warren.other.abc.js', { scripts })).status).toBe(404)
  })

  it('has no script where none is given', async () => {
    const app = createCollector({
      findSource: openSource,
      destinations: DESTINATIONS,
      sink: stage.queue,
      telemetry: silentTelemetry,
    })
    expect((await app.request('/v1/warren.js')).status).toBe(404)
    expect((await app.request('/v1/warren.abc.js')).status).toBe(404)
  })
})
