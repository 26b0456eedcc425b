import { Hono } from 'hono'
import type { Browser } from 'puppeteer-core'
import { listen } from './listen.ts'

/** A visitor's tab on a customer's site; its events are numbered over all its pages, by the argument `n`. */
export interface ScenarioPage {
  /** The origin of the site. */
  origin: string
  /** Goes to the shop, whose page has the collector's script, and waits until that is there. */
  open(collectorUrl: string): Promise<void>
  identify(openid: string): Promise<void>
  /** Tracks so many events and waits until they are stored; gives their numbers. */
  track(count: number, eventKey?: string): Promise<number[]>
  /** Tracks so many events and leaves for a page without the script in the same task; gives their numbers. */
  leave(count: number): Promise<number[]>
  /** Events that the collector has not answered for. */
  waiting(): Promise<number>
  /** Uncaught errors and unhandled rejections. */
  complaints: readonly string[]
  close(): Promise<void>
}

/** An event waits so long for company. Milliseconds: the scenario need not wait with it. */
const INTERVAL_MS = 50

/** The site on an origin of its own, and a tab in a browser profile that nobody else has. */
export async function scenarioPage(browser: Browser, source: string): Promise<ScenarioPage> {
  let collector = ''
  let made = 0
  const app = new Hono()
  app.get('/shop', (c) => {
    const data = `data-endpoint="${collector}" data-source="${source}" data-interval-ms="${INTERVAL_MS}"`
    return c.html(`<!doctype html><title>shop</title><script async src="${collector}/v1/warren.js" ${data}></script>`)
  })
  app.get('/elsewhere', (c) => c.html('<!doctype html><title>elsewhere</title>'))
  const site = await listen(app.fetch)
  const context = await browser.createBrowserContext()
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))

  /** Tracks in one task of the page, which then goes to `href` where one is given. */
  async function run(count: number, eventKey: string, href: string): Promise<number[]> {
    const from = made
    made += count
    await page.evaluate(
      (first, many, key, next) => {
        for (let n = first; n < first + many; n++) warren.track(key, { n, c_goods: '创维洗衣机', title: '下单' })
        if (next) location.href = next
      },
      from,
      count,
      eventKey,
      href,
    )
    return Array.from({ length: count }, (_, index) => from + index)
  }

  return {
    origin: site.url,
    complaints,
    async open(collectorUrl) {
      collector = collectorUrl
      await page.goto(`${site.url}/shop`)
      await page.waitForFunction(() => typeof globalThis.warren?.health === 'function')
    },
    identify: (openid) => page.evaluate((value) => warren.identify({ openid: value }), openid),
    async track(count, eventKey = 'c_buy') {
      const numbers = await run(count, eventKey, '')
      await page.evaluate(() => warren.stored())
      return numbers
    },
    async leave(count) {
      const numbers = await run(count, 'c_buy', `${site.url}/elsewhere`)
      await page.waitForFunction(() => document.title === 'elsewhere')
      return numbers
    },
    waiting: async () => Number((await page.evaluate(() => warren.health()))['waiting']),
    async close() {
      await context.close()
      await site.close()
    },
  }
}
