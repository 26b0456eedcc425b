import { join } from 'node:path'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { launchChromium } from '../support/chromium.ts'
import type { Listening } from '../support/listen.ts'
import { counter } from '../support/metrics.ts'
import { startPage } from '../support/page-server.ts'
import { freshFolder, startCli, type CliProcess } from '../support/processes.ts'
import { slowLine } from '../support/slow-line.ts'
import { startSandbox, towards, type TestSandbox } from '../support/sandbox.ts'

const PRECISE = { isMatching: true, matchingType: 1, accurateMatchType: 'gzh', accurateMatchValue: 'wxzj983hhg02ujd' }

/** The tracker's script, as the page sees it. */
interface Warren {
  init(options: object): unknown
  track(key: string, args?: object, options?: object): void
  identify(identity: object): void
  register(args: object): void
  on(name: string, listener: (signal: Record<string, unknown> & { message: string }) => void): () => void
  close(): Promise<void>
  stored(): Promise<void>
  flush(): Promise<unknown>
  health(): Record<string, unknown>
}
declare global {
  // eslint-disable-next-line no-var -- how a page's global is declared
  var warren: Warren
}

let browser: Browser
let folder: ReturnType<typeof freshFolder>
let sandbox: TestSandbox
let collector: CliProcess
let site: Listening
let page: Page
let errors: string[]

beforeAll(async () => void (browser = await launchChromium()))
afterAll(() => browser.close())
beforeEach(async () => {
  folder = freshFolder()
  sandbox = await startSandbox()
  collector = await startCli(
    ['serve', '--port', '0', '--db', join(folder.path, 'warren.db')],
    towards(sandbox, PRECISE),
  )
  site = await startPage(collector.url)
  errors = []
  page = await (await browser.createBrowserContext()).newPage()
  page.on('pageerror', (error) => errors.push(String(error)))
  await open()
})
afterEach(async () => {
  await page.browserContext().close()
  await site.close()
  expect(await collector.end('SIGTERM')).toBe(0)
  await sandbox.close()
  folder.remove()
  expect(errors).toEqual([])
})

async function open(url = site.url): Promise<void> {
  await page.goto(url)
  await page.waitForFunction(() => typeof globalThis.warren?.health === 'function')
}

/** Tracks `count` events named by their number, in one task of the page. */
const track = (from: number, count: number) =>
  page.evaluate(
    (first, many) => {
      for (let n = first; n < first + many; n++) warren.track('c_buy', { n, title: '下单' })
    },
    from,
    count,
  )

/** What the sandbox holds: the numbers of all events, sorted, once each time they were kept. */
async function delivered(): Promise<number[]> {
  const { events } = await sandbox.events()
  return events
    .flatMap(({ count, event }) => Array.from({ length: count }, () => Number(event.eventargs?.['n'])))
    .toSorted((a, b) => a - b)
}
const numbers = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index)
const soon = { timeout: 20_000, interval: 100 }

describe('from a page in Chromium to the platform, collector on another origin', () => {
  it('clicks, goes offline and back, reloads: equal sets, no repeats', async () => {
    await page.evaluate(() => {
      document.querySelector('#buy')?.addEventListener('click', () => warren.track('c_buy', { n: 0, title: '下单' }))
    })
    await page.click('#buy')
    await expect.poll(delivered, soon).toEqual([0])

    await page.setOfflineMode(true)
    await track(1, 30)
    await page.evaluate(() => warren.stored())
    await page.setOfflineMode(false)
    await expect.poll(delivered, soon).toEqual(numbers(0, 31))

    await track(31, 20)
    await expect.poll(delivered, soon).toEqual(numbers(0, 51))
    await page.reload()
    await page.waitForFunction(() => typeof globalThis.warren?.health === 'function')
    await track(51, 10)
    await expect.poll(delivered, soon).toEqual(numbers(0, 61))
    expect((await sandbox.events()).repeats).toBe(0)
    expect(await page.evaluate(() => warren.health())).toMatchObject({ storage: 'indexeddb', waiting: 0 })
  })

  it("the contract's example, tracked in the page, arrives as the example's data[0]", async () => {
    const example = {
      identityType: 'openid',
      openid: 'wxnoafe-wjowjfoj-fsfs',
      time: 1605490615673,
      uuid: 'asd123',
      eventKey: 'c_buy',
      intid: 'jjsfia-fjfoha99-ljflw0h-90dsj',
      eventargs: { c_goods: '创维洗衣机', c_price: 1420.0, unionid: 'd3f4g2ferg3t2ff2g4g2f21f2', title: '下单' },
    }
    await page.evaluate((event) => {
      warren.identify({ openid: event.openid })
      warren.track(event.eventKey, event.eventargs, { time: event.time, uuid: event.uuid, intid: event.intid })
    }, example)
    await expect.poll(async () => (await sandbox.events()).total, soon).toBe(1)
    const { events } = await sandbox.events()
    expect(events).toEqual([{ uuid: 'asd123', count: 1, event: example, publicParams: PRECISE }])
  })

  it('50 anonymous, then 50 identified: all delivered, in two lanes, every call valid', async () => {
    await track(0, 50)
    await page.evaluate(() => warren.identify({ openid: 'wxnoafe-wjowjfoj-fsfs' }))
    await track(50, 50)
    await expect.poll(delivered, soon).toEqual(numbers(0, 100))
    const { events } = await sandbox.events()
    const matched = events.filter(({ publicParams }) => publicParams.isMatching === true)
    expect(matched).toHaveLength(50)
    expect(new Set(matched.map(({ event }) => `${event.identityType} ${event.openid}`))).toEqual(
      new Set(['openid wxnoafe-wjowjfoj-fsfs']),
    )
    const unmatched = events.filter(({ publicParams }) => publicParams.isMatching === false)
    expect(unmatched.map(({ event }) => Object.keys(event).toSorted().join())).toEqual(
      Array.from({ length: 50 }, () => 'eventKey,eventargs,time,uuid'),
    )
    // The sandbox answers anything that is not valid with a refusal, and a refusal would not be a delivery.
    const outcomes = await counter(collector.url, 'warren_calls_total')
    expect(await counter(collector.url, 'warren_calls_total', { outcome: 'delivered' })).toBe(outcomes)
    expect(new Set(sandbox.calls.map(({ publicParams }) => JSON.stringify(publicParams)))).toEqual(
      new Set([JSON.stringify(PRECISE), JSON.stringify({ isMatching: false })]),
    )
  })

  it('leaves at once after 50 events and comes back: 50 of 50, each once, though both copies came', async () => {
    // An answer that comes before the page is frozen would settle its events: then there is no second copy to see.
    const line = await slowLine(collector.url, 1000)
    const shop = await startPage(line.url)
    try {
      await open(shop.url)
      await page.evaluate((elsewhere) => {
        for (let n = 0; n < 50; n++) warren.track('c_buy', { n, title: '下单' })
        location.href = elsewhere
      }, `${shop.url}/elsewhere`)
      await page.waitForFunction(() => document.title === 'elsewhere')
      // The copy that left with the page.
      await expect.poll(delivered, soon).toEqual(numbers(0, 50))
      const received = async (outcome: string) => counter(collector.url, 'warren_events_total', { outcome })
      expect(await received('fresh')).toBe(50)

      // A visit from an address bar, not from the back/forward cache: a new page that finds what the old one kept.
      await open(shop.url)
      await expect.poll(() => received('repeated'), { ...soon, timeout: 40_000 }).toBe(50)
      await expect.poll(() => page.evaluate(() => warren.health()), soon).toMatchObject({ waiting: 0 })
      expect(await delivered()).toEqual(numbers(0, 50))
      expect(await received('fresh')).toBe(50)
    } finally {
      await shop.close()
      await line.close()
    }
  })

  it('the module that bundlers import does the same: tracks, leaves at once, comes back', async () => {
    await open(`${site.url}/module`)
    await track(0, 50)
    await page.goto(`${site.url}/elsewhere`)
    await open(`${site.url}/module`)
    await track(50, 10)
    await expect.poll(delivered, soon).toEqual(numbers(0, 60))
    await expect
      .poll(() => page.evaluate(() => warren.health()), soon)
      .toMatchObject({ storage: 'indexeddb', waiting: 0 })
  })

  it('a tab closed in the same task loses nothing', async () => {
    const tab = await page.browserContext().newPage()
    await tab.goto(site.url)
    await tab.waitForFunction(() => typeof globalThis.warren?.health === 'function')
    await tab.evaluate(() => {
      for (let n = 0; n < 50; n++) warren.track('c_buy', { n, title: '下单' })
    })
    await tab.close({ runBeforeUnload: true })
    await expect.poll(async () => new Set(await delivered()).size, soon).toBe(50)
  })

  it('a collector that is down for a while costs nothing', async () => {
    const { port } = new URL(collector.url)
    await collector.end('SIGTERM')
    await track(0, 50)
    await page.evaluate(() => warren.stored())
    collector = await startCli(
      ['serve', '--port', port, '--db', join(folder.path, 'warren.db')],
      towards(sandbox, PRECISE),
    )
    await expect.poll(delivered, { ...soon, timeout: 45_000 }).toEqual(numbers(0, 50))
  })

  it('asks for no preflight, at exit neither', async () => {
    const line = await slowLine(collector.url, 0)
    const shop = await startPage(line.url)
    try {
      await open(shop.url)
      await track(0, 5)
      await expect.poll(delivered, soon).toEqual(numbers(0, 5))
      await track(5, 5)
      await page.goto(`${shop.url}/elsewhere`)
      await expect.poll(async () => new Set(await delivered()).size, soon).toBe(10)
      const requests = line.carried().match(/(?:GET|POST|OPTIONS) \S+ HTTP/g) ?? []
      expect(requests.filter((request) => request.startsWith('POST /v1/batch')).length).toBeGreaterThanOrEqual(2)
      expect(requests.filter((request) => request.startsWith('OPTIONS'))).toEqual([])
    } finally {
      await shop.close()
      await line.close()
    }
  })

  it('the page is restored from the back/forward cache, and goes on tracking', async () => {
    await track(0, 5)
    await expect.poll(delivered, soon).toEqual(numbers(0, 5))
    await page.evaluate(() =>
      addEventListener('pageshow', (event) => void (document.title = `persisted ${event.persisted}`)),
    )
    await page.goto(`${site.url}/elsewhere`)
    await page.goBack()
    expect(await page.title()).toBe('persisted true')
    await track(5, 5)
    await expect.poll(delivered, soon).toEqual(numbers(0, 10))
  })
})
