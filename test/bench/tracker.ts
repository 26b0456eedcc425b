import { join } from 'node:path'
import type { CDPSession, Page } from 'puppeteer-core'
import { launchChromium } from '../support/chromium.ts'
import { startPage } from '../support/page-server.ts'
import { freshFolder, startCli } from '../support/processes.ts'
import { startSandbox, towards } from '../support/sandbox.ts'

export interface Figure {
  name: string
  value: number
  unit: string
  budget: number
  /** value ÷ budget: at most 1 is within. */
  ratio: number
  /** value ÷ what the page does for the same without a tracker, measured in the same run. */
  againstBaseline?: number
  runs: number[]
}

/** Fresh pages a figure is measured on; its median counts. */
const RUNS = 5
const CALLS = 10_000
const CALLS_A_TASK = 100
const TRACK_BUDGET_US = 10
const BURST_EVENTS = 1000
const BURST_BUDGET_MS = 100

/**
 * The tracker's cost to a page in Chromium, with a real collector on another origin:
 * `track()` as the mean of the first 10,000 calls of a fresh page, in tasks of 100, with arguments of about 600 bytes;
 * the whole of the main thread's work for a burst of 1,000 events, until all are answered.
 */
export async function* benchTracker(): AsyncGenerator<Figure> {
  const folder = freshFolder()
  const sandbox = await startSandbox()
  const collector = await startCli(['serve', '--port', '0', '--db', join(folder.path, 'warren.db')], towards(sandbox))
  const site = await startPage(collector.url)
  const browser = await launchChromium()

  /** A page that has seen nothing yet, in a profile of its own. */
  async function onFreshPage<Result>(work: (page: Page, cdp: CDPSession) => Promise<Result>): Promise<Result> {
    const context = await browser.createBrowserContext()
    try {
      const page = await context.newPage()
      await page.goto(site.url)
      await page.waitForFunction(() => 'health' in (globalThis as unknown as { warren: object }).warren)
      const cdp = await page.createCDPSession()
      await cdp.send('Performance.enable')
      return await work(page, cdp)
    } finally {
      await context.close()
    }
  }

  try {
    const tracked: number[] = []
    const baseline: number[] = []
    const burst: number[] = []
    for (let run = 0; run < RUNS; run++) {
      baseline.push(await onFreshPage((page) => callsInTasks(page, 'stringify')))
      tracked.push(await onFreshPage((page) => callsInTasks(page, 'track')))
      burst.push(await onFreshPage(burstOf))
    }
    yield {
      ...figure('track() on the main thread, mean of the first 10,000 calls', 'µs', tracked, TRACK_BUDGET_US),
      againstBaseline: round(median(tracked) / median(baseline)),
    }
    yield figure('main-thread work for a burst of 1,000 events', 'ms', burst, BURST_BUDGET_MS)
  } finally {
    await browser.close()
    await site.close()
    await collector.end('SIGTERM')
    await sandbox.close()
    folder.remove()
  }
}

/** Microseconds a call, over many: the page's clock is too coarse for one. The baseline writes the same JSON once. */
function callsInTasks(page: Page, what: 'track' | 'stringify'): Promise<number> {
  return page.evaluate(
    async (name, calls, callsATask) => {
      const { warren } = globalThis as unknown as { warren: { track(key: string, args: object): void } }
      const args = { c_goods: '创维洗衣机', c_price: 1420, title: '下单', note: 'n'.repeat(500) }
      const sink: string[] = []
      const call =
        name === 'track'
          ? () => warren.track('c_buy', args)
          : () => void (sink[0] = JSON.stringify({ eventKey: 'c_buy', args }))
      let spentMs = 0
      for (let done = 0; done < calls; done += callsATask) {
        const startedAt = performance.now()
        for (let n = 0; n < callsATask; n++) call()
        spentMs += performance.now() - startedAt
        await new Promise((resolve) => setTimeout(resolve))
      }
      return (spentMs * 1000) / calls
    },
    what,
    CALLS,
    CALLS_A_TASK,
  )
}

/** Milliseconds of the main thread from the burst until every event is answered. */
async function burstOf(page: Page, cdp: CDPSession): Promise<number> {
  const taskMs = async (): Promise<number> => {
    const { metrics } = await cdp.send('Performance.getMetrics')
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000
  }
  const before = await taskMs()
  await page.evaluate(async (events) => {
    const { warren } = globalThis as unknown as {
      warren: {
        track(key: string, args: object): void
        on(name: 'sent', listener: (sent: { uuids: string[] }) => void): void
      }
    }
    const args = { c_goods: '创维洗衣机', c_price: 1420, title: '下单' }
    let answered = 0
    const all = new Promise<void>((resolve) => {
      warren.on('sent', ({ uuids }) => {
        answered += uuids.length
        if (answered >= events) resolve()
      })
    })
    for (let n = 0; n < events; n++) warren.track('c_buy', args)
    await all
  }, BURST_EVENTS)
  return (await taskMs()) - before
}

function figure(name: string, unit: string, runs: number[], budget: number): Figure {
  const value = median(runs)
  return { name, value: round(value), unit, budget, ratio: round(value / budget), runs: runs.map(round) }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

function round(value: number): number {
  return Number(value.toFixed(2))
}
