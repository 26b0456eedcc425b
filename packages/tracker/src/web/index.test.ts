import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Tracker } from '../core/api.ts'
import { createTracker } from './index.ts'

const endpoint = 'https://c.example'
const trackers: Tracker[] = []
let bodies: { device: string; events: { eventKey: string; identity?: object }[] }[] = []
let urls: string[] = []

function create(source: string, more: { endpoint?: string; intervalMs?: number } = {}): Tracker {
  const tracker: Tracker = createTracker({ endpoint, source, ...more })
  trackers.push(tracker)
  return tracker
}

beforeEach(() => {
  bodies = []
  urls = []
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  // happy-dom's would go out to the network.
  navigator.sendBeacon = () => true
  vi.stubGlobal('fetch', (url: string, init: { body: string }) => {
    const body = JSON.parse(init.body) as (typeof bodies)[0]
    urls.push(url)
    bodies.push(body)
    return Promise.resolve(Response.json({ v: 1, accepted: body.events.length, rejected: [], retry: [] }))
  })
})

afterEach(async () => {
  for (const tracker of trackers.splice(0)) await tracker.close()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  localStorage.clear()
})

describe('createTracker', () => {
  it('sends to the endpoint of its options, with or without a slash at its end', async () => {
    const tracker = create('shop', { endpoint: `${endpoint}/base//` })
    tracker.track('c_a')
    expect(await tracker.flush()).toEqual({ sent: 1, pending: 0 })
    expect(urls[0]).toMatch(/^https:\/\/c\.example\/base\/v1\/batch\?source=shop&d=..$/)
  })

  it('is the same tracker for one source, warns, and begins anew after close', async () => {
    const first = create('shop')
    expect(console.warn).not.toHaveBeenCalled()
    expect(create('shop')).toBe(first)
    expect(console.warn).toHaveBeenCalledOnce()
    await first.close()
    const second = create('shop')
    expect(second).not.toBe(first)
    second.track('c_a')
    await second.flush()
    expect(bodies.flatMap(({ events }) => events)).toHaveLength(1)
  })

  it('is shared by two copies of the module', async () => {
    const first = create('shop')
    vi.resetModules()
    const copy = await import('./index.ts')
    expect(copy.createTracker).not.toBe(createTracker)
    expect(copy.createTracker({ endpoint, source: 'shop' })).toBe(first)
  })

  it('closed late does not unregister its successor', async () => {
    const first = create('shop')
    await first.close()
    const second = create('shop')
    await first.close()
    expect(create('shop')).toBe(second)
  })

  it('mixes neither devices nor identities of two sources', async () => {
    const [shop, blog] = [create('shop'), create('blog')]
    expect(shop).not.toBe(blog)
    shop.identify({ uid: 'u' })
    shop.track('c_shop')
    blog.track('c_blog')
    await Promise.all([shop.flush(), blog.flush()])
    expect(bodies.map(({ events }) => events.map(({ eventKey }) => eventKey))).toEqual([['c_shop'], ['c_blog']])
    expect(bodies[0]?.device).not.toBe(bodies[1]?.device)
    expect(bodies[1]?.events[0]?.identity).toBeUndefined()
  })

  it('works where the page has neither IndexedDB nor localStorage, and says so', async () => {
    for (const value of [null, undefined]) {
      vi.stubGlobal('indexedDB', value)
      vi.stubGlobal('localStorage', value)
      const tracker = create(`none-${value}`)
      const errors: string[] = []
      tracker.on('error', ({ message }) => errors.push(message))
      tracker.track('c_a')
      await expect(tracker.stored()).rejects.toThrow(/storage refused/)
      expect(tracker.health()).toMatchObject({ storage: 'none', waiting: 1 })
      expect(await tracker.flush()).toEqual({ sent: 1, pending: 0 })
      expect(errors).toHaveLength(1)
    }
  })

  it.each<[string, unknown, RegExp]>([
    ['no options', undefined, /option endpoint must be/],
    ['no endpoint', { source: 's' }, /option endpoint must be/],
    ['a path', { endpoint: '/collect', source: 's' }, /option endpoint must be/],
    ['another scheme', { endpoint: 'ftp://c.example', source: 's' }, /option endpoint must be/],
    ['no host', { endpoint: 'https://', source: 's' }, /option endpoint must be/],
    ['a query', { endpoint: 'https://c.example?a=1', source: 's' }, /option endpoint must be/],
    ['no source', { endpoint }, /option source must be/],
    ['a source that is no text', { endpoint, source: 7 }, /option source must be/],
    ['an interval that is none', { endpoint, source: 's', intervalMs: 'fast' }, /option intervalMs must be/],
    ['an interval beyond timers', { endpoint, source: 's', intervalMs: 1e12 }, /option intervalMs must be/],
  ])('throws one line for %s', (_, options, message) => {
    let thrown: unknown
    try {
      createTracker(options as never)
    } catch (cause) {
      thrown = cause
    }
    expect((thrown as Error).message).toMatch(message)
    expect((thrown as Error).message).not.toContain('\n')
  })
})

describe('the type of the events', () => {
  interface Events {
    c_buy: { c_price: number }
  }

  it('may be an interface or a type, and is open without one', () => {
    const tracker = createTracker<Events>({ endpoint, source: 'typed' })
    tracker.track('c_buy', { c_price: 1 })
    // @ts-expect-error -- no event of these
    tracker.track('c_sell')
    // @ts-expect-error -- no arguments of it
    tracker.track('c_buy', { c_price: '1' })
    trackers.push(tracker, createTracker<{ c_a: { a: 1 } }>({ endpoint, source: 't' }))
    create('open').track('c_any', { any: 'thing' })
    expect(tracker.health().tracked).toBe(3)
  })
})

describe('leaving a page', () => {
  it('hands over by keepalive or beacon what was tracked in the page’s own pagehide listener too', async () => {
    const beacons: string[] = []
    navigator.sendBeacon = ((_: string, body: string) => beacons.push(body) > 0) as never
    vi.stubGlobal('Request', undefined)
    const tracker = create('shop')
    const hostListener = () => tracker.track('c_leave')
    window.addEventListener('pagehide', hostListener)
    tracker.track('c_a')
    window.dispatchEvent(new Event('pagehide'))
    await Promise.resolve()
    window.removeEventListener('pagehide', hostListener)
    const keys = beacons.flatMap((body) =>
      (JSON.parse(body) as (typeof bodies)[0]).events.map(({ eventKey }) => eventKey),
    )
    expect(keys).toEqual(['c_a', 'c_leave'])
    window.dispatchEvent(new Event('pageshow'))
  })
})
