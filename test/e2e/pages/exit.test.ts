import { describe } from 'vitest'
import { pageTest, type Visit } from '../../support/page-stage.ts'

/** How a page ends: what the browser refuses then, and what it does not say. */

const it = pageTest()

const titleOf = ({ page }: Visit) => page.evaluate(() => document.title).catch(() => '')
const left = (shop: Visit) => shop.page.waitForFunction(() => document.title === 'elsewhere')
const uuids = (shop: Visit) => shop.batches().flatMap(({ events }) => events.map(({ uuid }) => uuid))

describe.concurrent('what the browser refuses at exit is kept, and the next visit sends it once', () => {
  const REFUSALS: Record<string, () => void> = {
    'a beacon that is always refused, and no keepalive': () => {
      Reflect.deleteProperty(Request.prototype, 'keepalive')
      navigator.sendBeacon = () => false
    },
    'a beacon that throws, and no keepalive': () => {
      Reflect.deleteProperty(Request.prototype, 'keepalive')
      navigator.sendBeacon = () => {
        throw new TypeError('Illegal invocation')
      }
    },
    'a beacon that is taken and dropped, and no keepalive': () => {
      Reflect.deleteProperty(Request.prototype, 'keepalive')
      navigator.sendBeacon = () => true
    },
    'no beacon, and no keepalive': () => {
      Reflect.deleteProperty(Request.prototype, 'keepalive')
      Object.assign(navigator, { sendBeacon: undefined })
    },
    'no room for keepalive': () => {
      const { fetch } = window
      window.fetch = (input, init) =>
        init?.keepalive ? Promise.reject(new TypeError('Failed to fetch')) : fetch(input, init)
    },
    'a fetch that throws where it should reject': () => {
      const { fetch } = window
      window.fetch = (input, init) => {
        if (init?.keepalive) throw new TypeError('Failed to fetch')
        return fetch(input, init)
      }
    },
  }
  it.for(Object.entries(REFUSALS))('%s', async ([, before], { visit, expect }) => {
    const shop = await visit({ before })
    // What is no exit request has no way either: only what the device keeps is left.
    shop.line.state = 'cut'
    await shop.track(0, 50, shop.elsewhere)
    await left(shop)
    shop.line.state = 'well'
    await shop.page.goto(shop.url)
    await shop.arrived(50)
    expect(uuids(shop)).toHaveLength(50)
  })

  it('where there is no keepalive, a beacon brings them at once', async ({ visit }) => {
    const shop = await visit({ before: () => void Reflect.deleteProperty(Request.prototype, 'keepalive') })
    await shop.track(0, 50, shop.elsewhere)
    await shop.arrived(50)
  })

  it('half of a piece goes where the whole has no room', async ({ visit, expect }) => {
    const shop = await visit({
      before: () => {
        const { fetch } = window
        window.fetch = (input, init) =>
          init?.keepalive && (init.body as string).length > 8_000
            ? Promise.reject(new TypeError('Failed to fetch'))
            : fetch(input, init)
      },
    })
    await shop.track(0, 100, shop.elsewhere)
    await left(shop)
    await expect.poll(() => uuids(shop).length, { timeout: 10_000 }).toBeGreaterThan(0)
    await shop.page.goto(shop.url)
    await shop.arrived(100)
  })

  it('200 events of an offline time: as many as have room at once, the rest with the next visit', async ({
    visit,
    expect,
  }) => {
    // The longest of back-offs, so that the page is left before another try.
    const shop = await visit({ before: () => void (Math.random = () => 0.999) })
    shop.line.state = 'cut'
    await shop.page.evaluate(() => {
      for (let n = 0; n < 200; n++) warren.track('c_buy', { n, text: '汉'.repeat(200) })
      return warren.stored()
    })
    await expect.poll(() => shop.line.met.cut, { timeout: 10_000 }).toBeGreaterThan(2)
    shop.line.state = 'well'
    await shop.page.goto(shop.elsewhere)
    await expect.poll(() => uuids(shop).length, { timeout: 10_000 }).toBeGreaterThan(50)
    expect(uuids(shop).length).toBeLessThan(200)
    await shop.page.goto(shop.url)
    await shop.arrived(200)
  })
})

describe.concurrent('the signals of leaving', () => {
  /** The page never hears such events, whoever listens. */
  const deafTo = {
    visibilitychange: () => addEventListener('visibilitychange', (event) => event.stopImmediatePropagation(), true),
    pagehide: () => addEventListener('pagehide', (event) => event.stopImmediatePropagation(), true),
    both: () => {
      for (const type of ['visibilitychange', 'pagehide'])
        addEventListener(type, (event) => event.stopImmediatePropagation(), true)
    },
  }

  it.for(['visibilitychange', 'pagehide'] as const)('without %s the other one does', async (type, { visit }) => {
    const shop = await visit({ before: deafTo[type] })
    await shop.track(0, 50, shop.elsewhere)
    await shop.arrived(50)
  })

  it('without both the device has kept them', async ({ visit }) => {
    const shop = await visit({ before: deafTo.both })
    shop.line.state = 'cut'
    await shop.track(0, 50)
    await shop.page.evaluate(() => warren.stored())
    await shop.page.goto(shop.elsewhere)
    shop.line.state = 'well'
    await shop.page.goto(shop.url)
    await shop.arrived(50)
  })

  it('both twice: no event leaves twice', async ({ visit, expect }) => {
    const shop = await visit({
      // An ordinary request under way would go along, as it may die with the page.
      intervalMs: 60_000,
      before: () => {
        addEventListener('pagehide', ({ isTrusted }) => isTrusted && dispatchEvent(new Event('pagehide')))
        document.addEventListener(
          'visibilitychange',
          ({ isTrusted }) => isTrusted && document.dispatchEvent(new Event('visibilitychange')),
        )
      },
    })
    await shop.track(0, 50, shop.elsewhere)
    await shop.arrived(50)
    expect(uuids(shop)).toHaveLength(50)
  })

  it('hidden and shown ten times a second: each event once, in few requests', async ({ visit, expect }) => {
    const shop = await visit({ before: flicker })
    const flickering = shop.page.evaluate(() => window.flickerFor?.(2_000))
    await shop.track(0, 50)
    await flickering
    await shop.arrived(50)
    expect(uuids(shop)).toHaveLength(50)
    expect(shop.batches().length).toBeLessThan(4)
  })

  it('hidden and shown ten times a second in an outage: no storm', async ({ visit, expect }) => {
    const shop = await visit({ before: flicker })
    shop.line.state = 'unavailable'
    await shop.track(0, 50)
    await shop.page.evaluate(() => window.flickerFor?.(3_000))
    expect(shop.line.met.unavailable).toBeLessThan(12)
    shop.line.state = 'well'
    await shop.arrived(50)
  })

  /** Lets the page look hidden and shown in turn, as an engine tells it. */
  function flicker(): void {
    let isHidden = false
    Object.defineProperty(document, 'hidden', { get: () => isHidden })
    Object.defineProperty(document, 'visibilityState', { get: () => (isHidden ? 'hidden' : 'visible') })
    window.flickerFor = async (ms) => {
      for (const until = Date.now() + ms; Date.now() < until;) {
        isHidden = !isHidden
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      isHidden = false
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
    }
  }
})

describe('the back/forward cache', () => {
  it('takes a page that is left with a transaction and a request under way, and the page goes on', async ({
    visit,
    expect,
  }) => {
    const shop = await visit({
      after: () =>
        addEventListener('pageshow', ({ persisted }) => {
          document.documentElement.dataset['shown'] = persisted ? 'persisted' : 'anew'
        }),
    })
    await shop.track(0, 5)
    await shop.arrived(5)
    await shop.track(5, 5, shop.elsewhere)
    await left(shop)
    await shop.page.evaluate(() => history.back())
    await expect.poll(() => titleOf(shop)).toBe(shop.source)
    const told = await shop.page.evaluate(() => ({
      shown: document.documentElement.dataset['shown'],
      reasons: (performance.getEntriesByType('navigation')[0] as { notRestoredReasons?: unknown }).notRestoredReasons,
    }))
    expect(told).toEqual({ shown: 'persisted', reasons: null })
    await shop.track(10, 5, shop.elsewhere)
    await shop.arrived(15)
  })
})

declare global {
  interface Window {
    /** Hides and shows the page every 50 ms for so long; resolves when it is shown again. */
    flickerFor?: (ms: number) => Promise<void>
  }
}
