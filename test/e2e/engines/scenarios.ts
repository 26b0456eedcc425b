import type { EnginePage } from '../../support/engine.ts'
import type { Visitor } from '../../support/engine-stage.ts'
import type { LineState } from '../../support/switched-line.ts'
import type { StorageFault } from '../../support/storage-faults.ts'

/** How long an outage lasts in which the tracker must neither give up nor storm. */
const OUTAGE_MS = 6_000
/** What a visitor's battery gives after the last click. */
const KILLED_AFTER_MS = 1_500
/** Engines write localStorage to disk after some 5 s. */
const NOTED_AFTER_MS = 8_000

const soon = { timeout: 20_000, interval: 50 }
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Tracks events numbered from `from` in one task of the page, which then goes to `href` where one is given. */
const track = (page: EnginePage, from: number, count: number, href?: string) =>
  page.evaluate(
    (first, many, next) => {
      const { source } = (document.querySelector('[data-source]') as HTMLElement).dataset
      for (let n = first; n < first + many; n++) warren.track('c_buy', { source, n, title: '下单' })
      if (next) location.href = next
    },
    from,
    count,
    href ?? '',
  )
const stored = (page: EnginePage) => page.evaluate(() => warren.stored())
const storage = (page: EnginePage) => page.evaluate(() => `${warren.health()['storage']}`)
const waiting = (page: EnginePage) => page.evaluate(() => Number(warren.health()['waiting']))
const beginFault = (page: EnginePage) => page.evaluate(() => window.beginFault?.())
/** Empty while the page is on its way: then nobody is there to answer. */
const title = (page: EnginePage) => page.evaluate(() => document.title).catch(() => '')

/** As an engine tells a page that its tab is no longer, or is again, the one in front: no driver hides it in all three. */
const hide = (page: EnginePage) => turn(page, true)
const show = (page: EnginePage) => turn(page, false)
const turn = (page: EnginePage, isHidden: boolean) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
  }, isHidden)

/** While nothing gets through, tracks, leaves, and comes back when all is well. */
async function leaveInAnOutage({ line, shop, elsewhere, expect }: Visitor, page: EnginePage, from: number) {
  line.state = 'cut'
  await track(page, from, 50 - from, elsewhere)
  await expect.poll(() => title(page), soon).toBe('elsewhere')
  line.state = 'well'
  await page.navigate(shop)
}

/** A device that refuses what IndexedDB should hold, from the start or after half of the events. */
function withFault(fault: StorageFault) {
  return async (visitor: Visitor) => {
    const page = await visitor.visit(fault)
    await track(page, 0, 10)
    await visitor.arrived(10)
    await beginFault(page)
    await track(page, 10, 15)
    await visitor.arrived(25)
    await leaveInAnOutage({ ...visitor, shop: visitor.shopWith(fault) }, page, 25)
    await visitor.arrived(50)
  }
}

/** A line on which the tracker must have tried twice, and kept everything, before it is well. */
function afterTwoTriesInVain(state: LineState) {
  return async ({ visit, arrived, line, expect }: Visitor) => {
    const page = await visit()
    line.state = state
    await track(page, 0, 50)
    await expect.poll(() => line.met[state], soon).toBeGreaterThan(1)
    expect(await waiting(page)).toBe(50)
    line.state = 'well'
    await arrived(50)
  }
}

/** A browser that is killed so long after tracking in an outage, and begun again on its profile. */
function killedAfter(ms: number, fault?: StorageFault) {
  return async ({ launch, visit, arrived, line }: Visitor) => {
    line.state = 'unavailable'
    const first = await launch()
    await track(await visit(fault, first), 0, 50)
    await pause(ms)
    await first.kill()
    line.state = 'well'
    await visit(fault, await launch())
    await arrived(50)
  }
}

/** Each is played with a visitor of its own, and tracks 50 events. */
export const SCENARIOS = {
  async 'leaves at once after 50 events'({ visit, arrived, elsewhere }) {
    await track(await visit(), 0, 50, elsewhere)
    await arrived(50)
  },

  async 'leaves at once after 50 events, hidden first'({ visit, arrived, elsewhere, expect, line }) {
    const page = await visit()
    await hide(page)
    await track(page, 0, 50, elsewhere)
    await expect.poll(() => title(page), soon).toBe('elsewhere')
    // What was handed over while hidden is not handed over again at leaving: two pieces at most hold it.
    await arrived(50)
    expect(line.met.well).toBeLessThan(4)
  },

  async 'hidden and shown again: goes on, and nothing is lost between'({ visit, arrived }) {
    const page = await visit()
    await track(page, 0, 15)
    await hide(page)
    await track(page, 15, 15)
    await arrived(30)
    await show(page)
    await track(page, 30, 20)
    await arrived(50)
  },

  async 'hidden in an outage, and shown when all is well'({ visit, arrived, line, expect }) {
    const page = await visit()
    line.state = 'unavailable'
    await track(page, 0, 50)
    await hide(page)
    await expect.poll(() => line.met.unavailable, soon).toBeGreaterThan(0)
    line.state = 'well'
    await show(page)
    await arrived(50)
  },

  async 'leaves, and the host tracks 50 events in its own pagehide listener'({ visit, arrived, elsewhere }) {
    const page = await visit()
    await page.evaluate((next) => {
      addEventListener('pagehide', () => {
        const { source } = (document.querySelector('[data-source]') as HTMLElement).dataset
        for (let n = 0; n < 50; n++) warren.track('c_buy', { source, n, title: '下单' })
      })
      location.href = next
    }, elsewhere)
    await arrived(50)
  },

  async 'leaves in an outage and comes back'(visitor) {
    await leaveInAnOutage(visitor, await visitor.visit(), 0)
    await visitor.arrived(50)
  },

  async 'stored() resolves on the page after one that was left at once'({ visit, shop, arrived, elsewhere, expect }) {
    const page = await visit()
    await track(page, 0, 25, elsewhere)
    await expect.poll(() => title(page), soon).toBe('elsewhere')
    await page.navigate(shop)
    await track(page, 25, 25)
    await stored(page)
    await arrived(50)
  },

  async '503 for 6 s, then well'({ visit, arrived, line, expect }) {
    const page = await visit()
    line.state = 'unavailable'
    await track(page, 0, 50)
    await pause(OUTAGE_MS)
    expect(line.met.unavailable).toBeGreaterThan(1)
    line.state = 'well'
    await arrived(50)
  },

  async 'offline, then online'({ visit, arrived, expect, line }) {
    const page = await visit()
    await page.setOffline(true)
    await track(page, 0, 50)
    await stored(page)
    await expect.poll(() => page.evaluate(() => navigator.onLine), soon).toBe(false)
    expect(line.met.well).toBe(0)
    await page.setOffline(false)
    await arrived(50)
  },

  'every connection reset, then well': afterTwoTriesInVain('cut'),
  'a captive portal, then well': afterTwoTriesInVain('portal'),

  'the browser killed 1.5 s after tracking in an outage, and back': killedAfter(KILLED_AFTER_MS),
  'the browser killed 1.5 s after tracking in an outage with IndexedDB denied, and back': killedAfter(
    KILLED_AFTER_MS,
    'IndexedDB denied',
  ),
  'the browser killed 8 s after tracking in an outage with IndexedDB denied, and back': killedAfter(
    NOTED_AFTER_MS,
    'IndexedDB denied',
  ),

  async 'IndexedDB denied: stored() resolves, by localStorage'({ visit, line, expect }) {
    const page = await visit('IndexedDB denied')
    line.state = 'unavailable'
    await track(page, 0, 50)
    await stored(page)
    expect(await storage(page)).toBe('localstorage')
  },

  async 'two tabs track at once, one is closed'({ visit, arrived }) {
    const [one, other] = [await visit(), await visit()]
    await Promise.all([track(one, 0, 25), track(other, 25, 25)])
    await other.close()
    await arrived(50)
  },

  async 'five tabs track at once in an outage, one is closed'({ visit, arrived, line, expect }) {
    const tabs = await Promise.all(Array.from({ length: 5 }, () => visit()))
    line.state = 'unavailable'
    await Promise.all(tabs.map((page, tab) => track(page, tab * 10, 10)))
    await Promise.all(tabs.map(stored))
    await tabs[0]?.close()
    await expect.poll(() => line.met.unavailable, soon).toBeGreaterThan(4)
    line.state = 'well'
    await arrived(50)
  },

  async 'two tabs track at once in an outage, one is killed'({ visit, arrived, line }) {
    const [one, other] = [await visit(), await visit()]
    line.state = 'unavailable'
    await Promise.all([track(one, 0, 25), track(other, 25, 25)])
    await stored(other)
    await other.crash()
    line.state = 'well'
    await arrived(50)
  },

  'IndexedDB denied': withFault('IndexedDB denied'),
  'IndexedDB open erroring': withFault('IndexedDB open erroring'),
  'IndexedDB open hanging': withFault('IndexedDB open hanging'),
  'IndexedDB severed mid-way': withFault('IndexedDB severed mid-way'),
  'IndexedDB with InvalidStateError mid-way': withFault('IndexedDB with InvalidStateError mid-way'),

  async 'quota refused'({ visit, arrived, elsewhere, expect }) {
    const page = await visit('quota refused')
    await track(page, 0, 25)
    expect(await page.evaluate(() => warren.stored().catch((cause) => `${cause}`))).toContain('storage refused')
    await arrived(25)
    await track(page, 25, 25, elsewhere)
    await arrived(50)
  },

  async 'restored from the back/forward cache after tracking, and goes on'({ visit, arrived, elsewhere, expect }) {
    const page = await visit()
    await page.evaluate(() =>
      addEventListener('pageshow', (event) => void (document.title = `persisted ${event.persisted}`)),
    )
    await track(page, 0, 25)
    await arrived(25)
    await page.navigate(elsewhere)
    await page.back()
    await expect.poll(() => title(page), soon).toMatch('persisted')
    expect(await title(page)).toBe('persisted true')
    await track(page, 25, 25)
    await arrived(50)
  },
} satisfies Record<string, (visitor: Visitor) => Promise<void>>

export type ScenarioName = keyof typeof SCENARIOS
