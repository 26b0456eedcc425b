import type { Page } from 'puppeteer-core'
import type { Bench } from './tracker-contenders.ts'

export const BURST_EVENTS = 1000

/** The marks around the host's own work: they tell its task in a trace. */
export const HOST_FROM = 'host-from'
export const HOST_TO = 'host-to'

/** Lets the page track the burst in a task of its own, as a host's code would. */
export async function scheduleBurst(page: Page): Promise<void> {
  await page.evaluate(
    (events, from, to) => {
      const { bench } = globalThis as unknown as { bench: Bench }
      const args = { c_goods: '创维洗衣机', c_price: 1420, title: '下单' }
      setTimeout(() => {
        performance.mark(from)
        for (let n = 0; n < events; n++) bench.track('c_buy', args)
        performance.mark(to)
      })
    },
    BURST_EVENTS,
    HOST_FROM,
    HOST_TO,
  )
}
