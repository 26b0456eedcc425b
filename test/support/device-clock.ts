import type { Page } from 'puppeteer-core'

/** The clock of the device that a page believes to run on. */
interface DeviceClock {
  /** How far it is ahead of this machine's; may be set at any time. */
  aheadMs: number
  /** What this machine's clock says: the collector's. */
  trueNow(): number
}
declare global {
  // eslint-disable-next-line no-var -- how a page's global is declared
  var deviceClock: DeviceClock
}

/** Gives every document of the page, before any script of its own, a clock that is ahead by so much. */
export async function giveClock(page: Page, aheadMs: number): Promise<void> {
  await page.evaluateOnNewDocument((aheadMs) => {
    const { now } = Date
    globalThis.deviceClock = { aheadMs, trueNow: now }
    const deviceNow = () => now() + globalThis.deviceClock.aheadMs
    globalThis.Date = new Proxy(Date, {
      construct: (real, given: unknown[]) => Reflect.construct(real, given.length ? given : [deviceNow()]) as Date,
      get: (real, name) => (name === 'now' ? deviceNow : (Reflect.get(real, name) as unknown)),
    })
  }, aheadMs)
}

/** Sets the clock of the document that the page shows. */
export async function setClock(page: Page, aheadMs: number): Promise<void> {
  await page.evaluate((aheadMs) => void (deviceClock.aheadMs = aheadMs), aheadMs)
}
