import { join } from 'node:path'
import type { Browser } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { launchChromium } from '../support/chromium.ts'
import { giveClock, setClock } from '../support/device-clock.ts'
import type { Listening } from '../support/listen.ts'
import { startPage } from '../support/page-server.ts'
import { freshFolder, startCli, type CliProcess } from '../support/processes.ts'
import { startSandbox, towards, type TestSandbox } from '../support/sandbox.ts'
import { watchWire } from '../support/wire-watch.ts'

/**
 * What reaches the platform of a device whose clock is wrong, sleeps or is set: the order in which a page tracked, and
 * true times wherever there is a way to know them. Only the page's `Date` is changed; its timers, its
 * `performance.now()`, the collector and the platform run as they are.
 */

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** What a time may be off: the interval of a page, and the way. */
const NEAR_MS = 2000
/** A burst is spread over more than {@link NEAR_MS}, so that events brought to receipt would be seen to be wrong. */
const BURST = 3
const GAP_MS = 1100

let browser: Browser
let folder: ReturnType<typeof freshFolder>
let sandbox: TestSandbox
let collector: CliProcess
let site: Listening

beforeAll(async () => {
  browser = await launchChromium()
  folder = freshFolder()
  sandbox = await startSandbox()
  collector = await startCli(['serve', '--port', '0', '--db', join(folder.path, 'warren.db')], towards(sandbox))
  site = await startPage(collector.url)
})
afterAll(async () => {
  await browser.close()
  await site.close()
  expect(await collector.end('SIGTERM')).toBe(0)
  await sandbox.close()
  folder.remove()
})

/** A visitor of the shop, on a device of their own whose clock is ahead by so much. */
async function visit(aheadMs: number) {
  const page = await (await browser.createBrowserContext()).newPage()
  const wire = watchWire(page)
  await giveClock(page, aheadMs)
  await page.goto(site.url)
  await page.waitForFunction(() => typeof globalThis.warren?.health === 'function')

  /** Tracks a burst; returns when each event truly was, by the collector's clock. */
  const track = () =>
    page.evaluate(
      async (count, gapMs) => {
        const truth: number[] = []
        for (let n = 0; n < count; n++) {
          if (n > 0) await new Promise((resolve) => setTimeout(resolve, gapMs))
          truth.push(deviceClock.trueNow())
          warren.track('c_buy', { title: '下单' })
        }
        return truth
      },
      BURST,
      GAP_MS,
    )

  /** What the page has put on the wire, by uuid: a batch that was not answered comes again. */
  const sent = () => new Map(wire.flatMap(({ events }) => events).map((event) => [event.uuid, event]))

  /** What of it is upstream. */
  const upstream = async () => (await sandbox.events()).events.filter(({ uuid }) => sent().has(uuid))

  return {
    wire,
    track,
    online: () => page.setOfflineMode(false),
    setClock: (aheadMs: number) => setClock(page, aheadMs),

    /** Tracks a burst that stays on the device. */
    async trackOffline(): Promise<number[]> {
      await page.setOfflineMode(true)
      const truth = await track()
      await page.evaluate(() => warren.stored())
      return truth
    },

    /** Waits for so many events upstream; their times, in the order in which the page's one writer numbered them. */
    async arrived(count: number): Promise<number[]> {
      await vi.waitFor(async () => expect(await upstream()).toHaveLength(count), { timeout: 20_000, interval: 50 })
      const latest = Date.now()
      const onWire = sent()
      expect(new Set([...onWire.values()].map(({ writer }) => writer)).size).toBe(1)
      const numbered = (await upstream()).map(({ uuid, event }) => ({
        seq: onWire.get(uuid)?.seq,
        time: event.time ?? 0,
      }))
      numbered.sort((a, b) => Number(a.seq) - Number(b.seq))
      expect(numbered.map(({ seq }) => seq)).toEqual(numbered.map((_, index) => index))
      const times = numbered.map(({ time }) => time)
      expect(Math.max(...times)).toBeLessThanOrEqual(latest)
      return times
    },
  }
}

function expectOrder(times: number[]): void {
  expect(times).toEqual(times.toSorted((a, b) => a - b))
}

function expectNear(times: number[], truth: number[]): void {
  expect(times).toHaveLength(truth.length)
  const offMs = times.map((time, index) => Math.abs(time - (truth[index] ?? NaN)))
  expect(Math.max(...offMs), `off by ${offMs.join()} ms`).toBeLessThanOrEqual(NEAR_MS)
}

describe.concurrent('a clock that is wrong throughout', () => {
  it.each([
    ['2 h ahead', 2 * HOUR],
    ['2 h behind', -2 * HOUR],
  ])('%s: in order, and at their true times', async (_, aheadMs) => {
    const page = await visit(aheadMs)
    const truth = await page.trackOffline()
    await page.online()
    truth.push(...(await page.track()))
    const times = await page.arrived(2 * BURST)
    expectOrder(times)
    expectNear(times, truth)
  })
})

describe.concurrent('a sleep of 2 h', () => {
  it('between events that wait and those after it: in order, and at their true times', async () => {
    // Two hours are not waited for: the page's first moments are called two hours ago instead, with a clock that was
    // right then, and at waking the clock reads what it reads now. That is all that a sleep leaves behind in a page:
    // its `Date` jumps, while its timers and (in Chromium, but for Windows) its `performance.now()` have stood still;
    // and the collector, which hears of the page only after it, cannot see another difference either.
    const page = await visit(-2 * HOUR)
    const before = await page.trackOffline()
    await page.setClock(0)
    const after = await page.trackOffline()
    await page.online()
    after.push(...(await page.track()))
    const times = await page.arrived(3 * BURST)
    expectOrder(times)
    expectNear(times, [...before.map((at) => at - 2 * HOUR), ...after])
    // What was tracked on both sides of it went in one batch.
    const seqs = page.wire.map(({ events }) => events.map(({ seq }) => seq))
    expect(seqs.some((batch) => batch.some((seq) => seq < BURST) && batch.some((seq) => seq >= BURST))).toBe(true)
  })
})

/**
 * A page cannot tell a clock that is set forward from a sleep. Where it was set, the one shift of a request holds for
 * what was tracked before it as well: such events keep their order among themselves and towards all later ones, but
 * may come to lie before an event that was delivered ahead of the setting.
 */
describe.concurrent('a clock that is set while the page lives', () => {
  it.each([
    ['forward', 2 * HOUR],
    ['back', -2 * HOUR],
  ])('2 h %s, all before it delivered: in order, and at their true times', async (_, aheadMs) => {
    const page = await visit(0)
    const truth = await page.track()
    await page.arrived(BURST)
    await page.setClock(aheadMs)
    truth.push(...(await page.trackOffline()))
    await page.online()
    const times = await page.arrived(2 * BURST)
    expectOrder(times)
    expectNear(times, truth)
  })

  it('2 h forward over what waits: in order, and true from there on', async () => {
    const page = await visit(0)
    await page.trackOffline()
    await page.setClock(2 * HOUR)
    const truth = await page.trackOffline()
    await page.online()
    const times = await page.arrived(2 * BURST)
    expectOrder(times)
    expectNear(times.slice(BURST), truth)
  })

  it.each([
    ['2 h back, from the truth', 0, -2 * HOUR],
    ['2 weeks back, to the truth', 14 * DAY, 0],
  ])('%s, over what waits: in order, and at their true times', async (_, aheadMs, nextMs) => {
    // The page keeps the clock that it began with, in its events and in `sentAt` alike.
    const page = await visit(aheadMs)
    const truth = await page.trackOffline()
    await page.setClock(nextMs)
    truth.push(...(await page.trackOffline()))
    await page.online()
    truth.push(...(await page.track()))
    const times = await page.arrived(3 * BURST)
    expectOrder(times)
    expectNear(times, truth)
  })

  it('3 days forward, to the truth, over what waits: that is left as the device said it, and corrected by no one', async () => {
    const page = await visit(-3 * DAY)
    await page.trackOffline()
    await page.setClock(0)
    await page.online()
    const truth = await page.track()
    const times = await page.arrived(2 * BURST)
    expectOrder(times)
    const said = new Map(page.wire.flatMap(({ events }) => events.map(({ seq, time }) => [seq, time])))
    expect(times).toEqual(times.map((_, seq) => said.get(seq)))
    expectNear(times.slice(BURST), truth)
  })
})
