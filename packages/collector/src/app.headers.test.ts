import { describe, expect, it } from 'vitest'
import type { CollectorOptions } from './collector-options.ts'
import { memoryQueue } from './queue/memory.ts'
import { appStage, BATCH } from './testing/app-stage.ts'

const { collector, logs } = appStage()

describe('every answer', () => {
  const failing = { ...memoryQueue(), enqueue: () => Promise.reject(new Error('disk full')) }
  const request = (path: string, init: RequestInit = {}, options: Partial<CollectorOptions> = {}) =>
    Promise.resolve(collector(options).request(path, init))
  const send = (body: unknown, source = 'mini', headers: Record<string, string> = {}) => ({
    path: `/v1/batch?source=${source}`,
    init: { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers },
  })

  it.each<[number, string, { path: string; init?: RequestInit }, Partial<CollectorOptions>?]>([
    [200, 'a batch', send(BATCH)],
    [400, 'not a batch', send('x')],
    [401, 'an unknown source', send(BATCH, 'nobody')],
    [403, 'a wrong origin', send(BATCH, 'web', { origin: 'https://evil.example' })],
    [404, 'another path', { path: '/v2/batch' }],
    [405, 'another method', { path: '/v1/batch' }],
    [413, 'too large', send(BATCH, 'mini', { 'content-length': '9999999' })],
    [415, 'another type', send(BATCH, 'mini', { 'content-type': 'image/png' })],
    [500, 'a source without its destination', send(BATCH, 'lost')],
    [503, 'a queue in trouble', send(BATCH), { sink: failing }],
    [200, 'healthz', { path: '/healthz' }],
    [200, 'readyz', { path: '/readyz' }],
    [503, 'readyz while stopping', { path: '/readyz' }, { isStopping: () => true }],
    [503, 'readyz without a disk', { path: '/readyz' }, { sink: failing }],
    [200, 'the script', { path: '/v1/warren.js' }],
    [200, 'the script by its hash', { path: '/v1/warren.abc.js' }],
    [404, 'a hash that is not there', { path: '/v1/warren.abd.js' }],
    [304, 'the script, known', { path: '/v1/warren.js', init: { headers: { 'if-none-match': '"abc"' } } }],
    [204, 'a preflight', { path: '/v1/batch', init: { method: 'OPTIONS' } }],
  ])('%i, %s, can be read by pages of any origin', async (status, _, { path, init }, options = {}) => {
    const response = await request(path, init, options)
    expect(response.status).toBe(status)
    const values = (name: string) => [...response.headers].filter(([key]) => key === name).map(([, value]) => value)
    expect(values('access-control-allow-origin')).toEqual(['*'])
    expect(values('access-control-expose-headers')).toEqual(['Retry-After'])
    expect(values('access-control-allow-credentials')).toEqual([])
    expect(values('x-content-type-options')).toEqual(status === 204 ? values('x-content-type-options') : ['nosniff'])
    if (status >= 400 && !path.includes('readyz')) {
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect(await response.json()).toMatchObject({
        type: 'about:blank',
        title: expect.any(String),
        status,
        detail: expect.any(String),
      })
    }
  })

  it('503 says when to come again', async () => {
    const { path, init } = send(BATCH)
    const response = await request(path, init, { sink: failing })
    expect(response.headers.get('retry-after')).toBe('5')
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: 'Try again later',
      status: 503,
      detail: 'the queue cannot take events now: keep them and try again',
      retryAfterMs: 5000,
    })
    expect(logs).toHaveLength(1)
  })

  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH'])('to %s /v1/batch is 405 with Allow', async (method) => {
    const response = await request('/v1/batch', { method })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST, OPTIONS')
  })

  it('to a preflight allows what is asked', async () => {
    const asked = 'content-type,x-trace-id,sentry-trace,traceparent,content-encoding'
    const response = await request('/v1/batch', {
      method: 'OPTIONS',
      headers: {
        origin: 'https://shop.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': asked,
      },
    })
    expect(response.status).toBe(204)
    const allowed = response.headers
      .get('access-control-allow-headers')
      ?.split(',')
      .map((name) => name.trim())
    expect(allowed).toEqual(asked.split(','))
    expect(response.headers.get('access-control-allow-methods')).toContain('POST')
    expect(Number(response.headers.get('access-control-max-age'))).toBeGreaterThan(0)
  })
})
