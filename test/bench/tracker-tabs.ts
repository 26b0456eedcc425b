import { join } from 'node:path'
import type { BrowserContext, Page } from 'puppeteer-core'
import { engineSite, type EngineSite } from '../support/engine-site.ts'
import { counter } from '../support/metrics.ts'
import { freshFolder, startCli, type CliProcess } from '../support/processes.ts'
import { startSandbox, towards, type TestSandbox } from '../support/sandbox.ts'
import { switchedLine } from '../support/switched-line.ts'
import { launchLoopbackChromium } from './loopback-chromium.ts'
import { sum } from './statistics.ts'
import { rest } from './tracker-arrival.ts'
import { figure, type Figure } from './tracker-figures.ts'

const RUNS = 3
const TABS = 5
const EVENTS_A_TAB = 200
/** So many tasks of so many events each fill the outage. */
const TASKS = 10
const OUTAGE_MS = 8_000
/** A tab whose back-off is the longest, and whose next attempt meets the same again, is done within this. */
const PATIENCE_MS = 120_000
const POLL_MS = 100
/** More than this, and tabs without a leader are to be thought over again. */
const BUDGET = 0.5

/** What becomes of the tabs of one profile. */
interface Course {
  name: string
  /** A window each, so that none is hidden; or one window, whose last tab alone is seen. */
  type: 'window' | 'tab'
  /** Happens to the first tab once all is tracked and stored, before the collector is well again. */
  end?: (tab: Page) => Promise<void>
}

const COURSES: readonly Course[] = [
  { name: 'five windows', type: 'window' },
  { name: 'five windows, one of them closed', type: 'window', end: (tab) => tab.close({ runBeforeUnload: true }) },
  { name: 'five windows, one of them crashed', type: 'window', end: crash },
  { name: 'five tabs, four of them hidden', type: 'tab' },
]

/**
 * Events that travel twice when five tabs of one profile have tracked through an outage, as the collector counts them,
 * for each event that it was given: tabs share a store, and nobody leads them.
 */
export async function* benchTabs(): AsyncGenerator<Figure & { requests: number[] }> {
  const folder = freshFolder()
  const sandbox = await startSandbox()
  const collector = await startCli(['serve', '--port', '0', '--db', join(folder.path, 'warren.db')], towards(sandbox))
  const site = await engineSite()
  const browser = await launchLoopbackChromium()
  try {
    for (const course of COURSES) {
      const shares: number[] = []
      const requests: number[] = []
      for (let run = 0; run < RUNS; run++) {
        const context = await browser.createBrowserContext()
        const outcome = await playOut(course, `${course.name} ${run}`, { context, collector, sandbox, site })
        await context.close()
        shares.push(outcome.repeats / (TABS * EVENTS_A_TAB))
        requests.push(outcome.requests)
      }
      const name = `events that travel twice after an outage, for each event: ${course.name}`
      yield { ...figure(name, 'events', shares, BUDGET), requests }
    }
  } finally {
    await browser.close()
    await site.close()
    await collector.end('SIGTERM')
    await sandbox.close()
    folder.remove()
  }
}

interface Stage {
  context: BrowserContext
  collector: CliProcess
  sandbox: TestSandbox
  site: EngineSite
}

async function playOut(
  { type, end }: Course,
  source: string,
  { context, collector, sandbox, site }: Stage,
): Promise<{ repeats: number; requests: number }> {
  const line = await switchedLine(collector.url)
  const before = await repeated(collector)
  await sandbox.forgetEvents()
  const tabs: Page[] = []
  for (let tab = 0; tab < TABS; tab++) {
    const page = await context.newPage({ type })
    await page.goto(site.shop({ endpoint: line.url, source }))
    tabs.push(page)
  }
  line.state = 'unavailable'
  await Promise.all(tabs.map((page, tab) => trackThrough(page, tab)))
  const [first, ...others] = tabs
  if (end && first) await end(first)
  line.state = 'well'

  const living = end ? others : tabs
  const wanted = TABS * EVENTS_A_TAB
  await until(async () => (await sandbox.events()).total === wanted)
  // A tab that has yet to make its attempt may bring again what others have brought.
  await until(async () => sum(await Promise.all(living.map(waiting))) === 0)
  await line.close()
  return { repeats: (await repeated(collector)) - before, requests: line.met.well }
}

/** Tracks as visitors do, now and then, until the outage is over; resolves when all of it is stored. */
function trackThrough(page: Page, tab: number): Promise<void> {
  return page.evaluate(
    async (source, tasks, count, pauseMs) => {
      for (let task = 0; task < tasks; task++) {
        for (let n = 0; n < count; n++) warren.track('c_buy', { source, n })
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
      await warren.stored()
    },
    `${tab}`,
    TASKS,
    EVENTS_A_TAB / TASKS,
    OUTAGE_MS / TASKS,
  )
}

const waiting = (page: Page) => page.evaluate(() => Number(warren.health()['waiting']))
const repeated = (collector: CliProcess) => counter(collector.url, 'warren_events_total', { outcome: 'repeated' })

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const endsAt = Date.now() + PATIENCE_MS; !(await isSo()); await rest(POLL_MS))
    if (Date.now() > endsAt) throw new Error('events are missing, or wait for ever')
}

/** Ends the process behind a tab alone. */
async function crash(page: Page): Promise<void> {
  const session = await page.createCDPSession()
  const gone = new Promise((resolve) => page.once('error', resolve))
  // The page that is to answer is the one that dies.
  session.send('Page.crash').catch(() => undefined)
  await gone
}
