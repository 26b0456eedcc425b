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
    const transport = fetchTransport('https://c.example/base', 'a&b')
    expect(await transport.send('text', { device: 'D-xyz', isExit: false })).toEqual({
      kind: 'answer',
      status: 200,
      body: 'body',
      retryAfterMs: undefined,
    })
    const [url, init] = fetch.mock.calls[0] ?? []
    expect(url).toBe('https://c.example/base/v1/batch?source=a%26b&d=D-')
    expect(init).toMatchObject({ method: 'POST', body: 'text', credentials: 'omit', keepalive: false })
    expect(init?.headers).toBeUndefined()
  })

  it('reads Retry-After in both its forms', async () => {
    vi.setSystemTime(Date.parse('2026-01-01T00:00:00Z'))
    for (const value of ['7', 'Thu, 01 Jan 2026 00:00:07 GMT']) {
      vi.stubGlobal('fetch', () => respond(503, '', { 'retry-after': value }))
      const outcome = await fetchTransport('https://c.example', 's').send('', { device: 'd', isExit: false })
      expect(outcome).toMatchObject({ status: 503, retryAfterMs: 7000 })
    }
  })

  it('keeps the fetch that it was made with', async () => {
    const first = vi.fn(() => respond(200, ''))
    vi.stubGlobal('fetch', first)
    const transport = fetchTransport('https://c.example', 's')
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
    expect(await fetchTransport('https://c.example', 's').send('', { device: 'd', isExit: false })).toEqual({
      kind: 'unreachable',
    })
    await vi.advanceTimersByTimeAsync(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is unreachable where there is no fetch at all', async () => {
    vi.stubGlobal('fetch', undefined)
    expect(await fetchTransport('https://c.example', 's').send('', { device: 'd', isExit: false })).toEqual({
      kind: 'unreachable',
    })
  })

  it.each([true, false])('gives up and aborts after 30 s; with AbortController: %s', async (hasController) => {
    let signal: AbortSignal | null | undefined
    vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
      signal = init.signal
      return new Promise(() => {})
    })
    if (!hasController) vi.stubGlobal('AbortController', undefined)
    const sent = fetchTransport('https://c.example', 's').send('', { device: 'd', isExit: false })
    await vi.advanceTimersByTimeAsync(30_000)
    expect(await sent).toEqual({ kind: 'unreachable' })
    if (hasController) expect(signal?.aborted).toBe(true)
  })
})

describe('send at exit', () => {
  const atExit = (text: string) => fetchTransport('https://c.example', 's').send(text, { device: 'dev', isExit: true })
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
    expect(await atExit('text')).toMatchObject({ kind: 'answer', body: 'body' })
    expect(fetch.mock.calls[0]?.[1]).toMatchObject({ keepalive: true })
  })

  it.each<[string, () => void]>([
    ['Request knows no keepalive', () => vi.stubGlobal('Request', function Request() {})],
    ['there is no Request', () => vi.stubGlobal('Request', undefined)],
    [
      'fetch throws',
      () => {
        withKeepAlive()
        vi.stubGlobal('fetch', () => {
          throw new TypeError('quota')
        })
      },
    ],
  ])('uses a beacon where %s', async (_, stub) => {
    stub()
    const beacon = vi.fn((_url: string, _body: string) => true)
    navigator.sendBeacon = beacon as never
    expect(await atExit('text')).toEqual({ kind: 'inDoubt' })
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
    expect(await atExit('text')).toEqual({ kind: 'unreachable' })
  })
})
