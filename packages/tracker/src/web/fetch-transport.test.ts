import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fetchTransport } from './fetch-transport.ts'

const respond = (status: number, body: string, headers: Record<string, string> = {}) =>
  Promise.resolve(new Response(body, { status, headers }))

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe('send', () => {
  it('posts text to the batch address, without headers, cookies or a preflight', async () => {
    const fetch = vi.fn((_url: string, _init: RequestInit) => respond(200, 'body'))
    vi.stubGlobal('fetch', fetch)
    const transport = fetchTransport({ endpoint: 'https://c.example/base', path: '/v1/batch', source: 'a&b' })
    expect(await transport.send('text', { device: 'D-xyz', isExit: false })).toEqual({
      status: 200,
      body: 'body',
      retryAfterMs: 0,
    })
    const [url, init] = fetch.mock.calls[0] ?? []
    expect(url).toBe('https://c.example/base/v1/batch?source=a%26b&d=D-')
    expect(init).toMatchObject({ method: 'POST', body: 'text', credentials: 'omit', keepalive: false })
    expect(init?.headers).toBeUndefined()
  })

  it('goes to the path it is told, at exit too', async () => {
    const urls: string[] = []
    vi.stubGlobal('fetch', (url: string) => {
      urls.push(url)
      return respond(200, '')
    })
    navigator.sendBeacon = (url) => !!urls.push(String(url))
    const transport = fetchTransport({ endpoint: 'https://c.example', path: '/api/notes', source: 's' })
    for (const isExit of [false, true]) await transport.send('', { device: 'D-xyz', isExit })
    expect(urls).toEqual(Array(2).fill('https://c.example/api/notes?source=s&d=D-'))
  })

  it.each([
    ['7', 7_000],
    ['Thu, 01 Jan 2026 00:00:07 GMT', 7_000],
    ['9999999999', 300_000],
    ['Fri, 01 Jan 2038 00:00:00 GMT', 300_000],
    ['Wed, 31 Dec 2025 23:59:59 GMT', 0],
    ['0', 0],
    ['-1', 0],
    ['NaN', 0],
    ['', 0],
    ['3, 5', 0],
  ])('reads Retry-After %s as %s ms', async (value, retryAfterMs) => {
    vi.setSystemTime(Date.parse('2026-01-01T00:00:00Z'))
    vi.stubGlobal('fetch', () => respond(503, '', { 'retry-after': value }))
    const outcome = await fetchTransport({ endpoint: 'https://c.example', path: '/v1/batch', source: 's' }).send('', {
      device: 'd',
      isExit: false,
    })
    expect(outcome).toMatchObject({ status: 503, retryAfterMs })
  })

  it('keeps the fetch that it was made with', async () => {
    const first = vi.fn(() => respond(200, ''))
    vi.stubGlobal('fetch', first)
    const transport = fetchTransport({ endpoint: 'https://c.example', path: '/v1/batch', source: 's' })
    vi.stubGlobal('fetch', () => {
      throw new Error('wrapped')
    })
    await transport.send('', { device: 'd', isExit: false })
    expect(first).toHaveBeenCalledOnce()
  })

  it.each<[string, () => Promise<Response>]>([
    ['rejects', () => Promise.reject(new TypeError('failed'))],
    [
      'throws',
      () => {
        throw new TypeError('failed')
      },
    ],
    [
      'answers and breaks off',
      () =>
        Promise.resolve({ status: 200, headers: new Headers(), text: () => Promise.reject(new Error()) } as Response),
    ],
  ])('is unreachable where fetch %s', async (_, fetch) => {
    vi.stubGlobal('fetch', fetch)
    expect(
      await fetchTransport({ endpoint: 'https://c.example', path: '/v1/batch', source: 's' }).send('', {
        device: 'd',
        isExit: false,
      }),
    ).toEqual({
      status: 0,
    })
    await vi.advanceTimersByTimeAsync(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is unreachable where there is no fetch at all', async () => {
    vi.stubGlobal('fetch', undefined)
    expect(
      await fetchTransport({ endpoint: 'https://c.example', path: '/v1/batch', source: 's' }).send('', {
        device: 'd',
        isExit: false,
      }),
    ).toEqual({
      status: 0,
    })
  })

  it('gives up and aborts after 30 s', async () => {
    vi.stubGlobal(
      'fetch',
      (_: string, { signal }: RequestInit) =>
        new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error))),
    )
    const sent = fetchTransport({ endpoint: 'https://c.example', path: '/v1/batch', source: 's' }).send('', {
      device: 'd',
      isExit: false,
    })
    await vi.advanceTimersByTimeAsync(30_000)
    expect(await sent).toEqual({ status: 0 })
  })

  it('sends where there is no AbortController', async () => {
    vi.stubGlobal('fetch', () => respond(200, 'body'))
    vi.stubGlobal('AbortController', undefined)
    const sent = fetchTransport({ endpoint: 'https://c.example', path: '/v1/batch', source: 's' }).send('', {
      device: 'd',
      isExit: false,
    })
    expect(await sent).toMatchObject({ status: 200, body: 'body' })
  })
})

describe('send at exit', () => {
  const atExit = (text: string) =>
    fetchTransport({ endpoint: 'https://c.example', path: '/v1/batch', source: 's' }).send(text, {
      device: 'dev',
      isExit: true,
    })
  const withKeepAlive = () =>
    vi.stubGlobal(
      'Request',
      class {
        keepalive = false
        static {
          Object.defineProperty(this.prototype, 'keepalive', { value: false })
        }
      },
    )

  it('uses fetch with keepalive, and hears the answer', async () => {
    withKeepAlive()
    const fetch = vi.fn((_url: string, _init: RequestInit) => respond(200, 'body'))
    vi.stubGlobal('fetch', fetch)
    expect(await atExit('text')).toMatchObject({ status: 200, body: 'body' })
    expect(fetch.mock.calls[0]?.[1]).toMatchObject({ keepalive: true })
  })

  it.each<[string, () => void]>([
    ['Request knows no keepalive', () => vi.stubGlobal('Request', function Request() {})],
    ['there is no Request', () => vi.stubGlobal('Request', undefined)],
  ])('uses a beacon where %s', async (_, stub) => {
    stub()
    const beacon = vi.fn((_url: string, _body: string) => true)
    navigator.sendBeacon = beacon as never
    expect(await atExit('text')).toEqual({ status: 0, isInDoubt: true })
    expect(beacon).toHaveBeenCalledWith('https://c.example/v1/batch?source=s&d=de', 'text')
  })

  it.each<[string, unknown]>([
    ['refuses', () => false],
    [
      'throws',
      () => {
        throw new TypeError('Illegal invocation')
      },
    ],
    ['is missing', undefined],
  ])('is unreachable where the beacon %s', async (_, beacon) => {
    vi.stubGlobal('Request', undefined)
    navigator.sendBeacon = beacon as never
    expect(await atExit('text')).not.toMatchObject({ isInDoubt: true })
  })
})
