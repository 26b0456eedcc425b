import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Hono } from 'hono'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, beforeAll, expect, test, vi, type TestAPI } from 'vitest'
import type { DeliveredEvent } from '@warren/rabbitpre/sandbox'
import { launchChromium } from './chromium.ts'
import { listen, type Listening } from './listen.ts'
import { freshFolder, startCli, type CliProcess } from './processes.ts'
import { startSandbox, towards, type TestSandbox } from './sandbox.ts'
import { switchedLine, type SwitchedLine } from './switched-line.ts'
import type { WatchedBatch } from './wire-watch.ts'

const DIST = resolve(import.meta.dirname, '../../packages/tracker/dist')

/** It is installed only if a tracker can be made in it, used and closed. */
const SERVICE_WORKER = `
  import { createTracker } from '/index.js'
  addEventListener('install', (event) => event.waitUntil((async () => {
    const tracker = createTracker({ endpoint: 'https://collect.example', source: 's' })
    tracker.track('c_a')
    await tracker.flush()
    await tracker.close()
  })()))`

/** What a page needs to have the tracker. */
export interface Place {
  /** The address of the script. */
  script: string
  /** The address of the module. */
  module: string
  /** The visit's line to the collector. */
  endpoint: string
  source: string
  /** The tag as the README shows it. */
  tag: string
}

export interface VisitOptions {
  /** Runs in the page before the tracker's script is there. */
  before?: () => void
  /** Runs in the page right after it. */
  after?: () => void
  /** What the page holds between `before` and `after`; the tag unless given. */
  body?: (place: Place) => string
  headers?: Record<string, string>
  /** How long an event waits for company. In milliseconds; 50 unless given: nobody wants to wait with it. */
  intervalMs?: number
  /** The source; another one for each visit unless given. */
  source?: string
  /** What the page may complain of: what the test itself brings about. */
  expected?: string[]
}

/** A page of one test, in a window of its own, with a source and a line to the collector that are its alone. */
export interface Visit extends Place {
  page: Page
  /** The address of the page. */
  url: string
  /** The address of a page of the same site that has nothing of ours. */
  elsewhere: string
  line: SwitchedLine
  /** Every batch that reached the collector, with the source of its address. */
  batches(): (WatchedBatch & { source: string | null })[]
  /** Uncaught errors, unhandled rejections and calls of the console, in all frames. */
  complaints: string[]
  /** Tracks events numbered from `from` in one task of the page, which then goes to `href` where one is given. */
  track(from: number, count: number, href?: string): Promise<void>
  health(): Promise<Record<string, unknown>>
  /** What the platform holds of this page, known by the page's title. */
  events(): Promise<DeliveredEvent[]>
  /** Waits until the platform holds the events 0 … count - 1, each once, and no other. */
  arrived(count: number): Promise<void>
}

/** What a test of such a stage is given. */
export interface PageTools {
  /**
   * Opens a page with the built script. When the test has ended its pages are closed, and must have had nothing to
   * complain of: the tracker throws nothing, and says nothing in the console.
   */
  visit(options?: VisitOptions): Promise<Visit>
  stage: Stage
}

export interface Stage {
  browser: Browser
  collector: CliProcess
  /** The customer's site. */
  site: string
  sandbox: TestSandbox
}

const soon = { timeout: 20_000, interval: 50 }
const range = (count: number) => Array.from({ length: count }, (_, index) => index)

/**
 * A customer's site in Chromium, a real collector on another origin, and the platform's stand-in, for the tests of one
 * file; those run side by side, since nearly all of their time is waiting.
 * @param config the collector's configuration; without one every source is open.
 */
export function pageTest(config?: object): TestAPI<PageTools> {
  const stage = {} as Stage
  const shown = new Map<string, { html: string; headers: Record<string, string> }>()
  let folder: ReturnType<typeof freshFolder>
  let server: Listening
  let visits = 0

  beforeAll(async () => {
    folder = freshFolder()
    stage.sandbox = await startSandbox()
    stage.collector = await startCli(['serve', '--port', '0', '--db', join(folder.path, 'warren.db')], {
      ...towards(stage.sandbox),
      ...(config ? { WARREN_CONFIG: JSON.stringify(config) } : {}),
    })
    const app = new Hono()
    for (const name of ['warren.js', 'index.js'])
      app.get(`/${name}`, (c) =>
        c.body(readFileSync(join(DIST, name), 'utf8'), 200, {
          'content-type': 'text/javascript',
          'access-control-allow-origin': '*',
        }),
      )
    app.get('/service-worker.js', (c) => c.body(SERVICE_WORKER, 200, { 'content-type': 'text/javascript' }))
    app.get('/elsewhere', (c) => c.html('<!doctype html><title>elsewhere</title>'))
    app.get('/shop/:source', (c) => {
      const { html = '', headers = {} } = shown.get(c.req.param('source')) ?? {}
      return c.html(html, 200, headers)
    })
    server = await listen(app.fetch)
    stage.site = server.url
    stage.browser = await launchChromium()
  })
  afterAll(async () => {
    await stage.browser.close()
    await server.close()
    expect(await stage.collector.end('SIGTERM')).toBe(0)
    await stage.sandbox.close()
    folder.remove()
  })

  return test.extend<PageTools>({
    // oxlint-disable-next-line no-empty-pattern -- vitest reads from the pattern what a fixture needs
    stage: async ({}, use) => use(stage),
    // oxlint-disable-next-line no-empty-pattern -- the same
    visit: async ({}, use) => {
      const opened: { visit: Visit; expected: string[] }[] = []
      await use(async (options = {}) => {
        const source = options.source ?? `visit-${visits++}`
        const line = await switchedLine(stage.collector.url)
        const place = placeOf(stage.site, line.url, source, options.intervalMs ?? 50)
        shown.set(source, { html: pageOf(place, options), headers: options.headers ?? {} })
        const page = await stage.browser.newPage({ type: 'window' })
        const visit = await visitOf(stage, place, line, page)
        opened.push({ visit, expected: options.expected ?? [] })
        await page.goto(visit.url)
        return visit
      })
      for (const { visit, expected } of opened) {
        // What a test closed itself is no longer there to be closed.
        if (!visit.page.isClosed()) await visit.page.close()
        await visit.line.close()
        expect(visit.complaints).toEqual(expected)
      }
    },
  })
}

function placeOf(site: string, endpoint: string, source: string, intervalMs: number): Place {
  const script = `${site}/warren.js`
  const tag = `<script src="${script}" data-endpoint="${endpoint}" data-source="${source}" data-interval-ms="${intervalMs}"></script>`
  return { script, module: `${site}/index.js`, endpoint, source, tag }
}

async function visitOf({ site, sandbox }: Stage, place: Place, line: SwitchedLine, page: Page): Promise<Visit> {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    // What the browser itself says there (of a failed request, say) comes without arguments.
    if (message.args().length > 0) complaints.push(`console.${message.type()}: ${message.text()}`)
  })
  await page.evaluateOnNewDocument(complainInFrames)

  const events = async () =>
    (await sandbox.events()).events.filter(({ event }) => event.eventargs?.['title'] === place.source)
  const numbers = async () =>
    (await events())
      .flatMap(({ count, event }) => Array.from({ length: count }, () => Number(event.eventargs?.['n'])))
      .toSorted((a, b) => a - b)
  return {
    ...place,
    page,
    url: `${site}/shop/${place.source}`,
    elsewhere: `${site}/elsewhere`,
    line,
    batches: () =>
      line.carried.map(({ path, body }) => ({
        ...(JSON.parse(body) as WatchedBatch),
        source: new URLSearchParams(path.split('?')[1]).get('source'),
      })),
    complaints,
    track: (from, count, href = '') =>
      page.evaluate(
        (first, many, next) => {
          for (let n = first; n < first + many; n++) warren.track('c_buy', { n })
          if (next) location.href = next
        },
        from,
        count,
        href,
      ),
    health: () => page.evaluate(() => warren.health()),
    events,
    arrived: (count) => vi.waitFor(async () => expect(await numbers()).toEqual(range(count)), soon),
  }
}

function pageOf(place: Place, { before, after, body }: VisitOptions): string {
  const inline = (work?: () => void) => (work ? `<script>(${work})()</script>` : '')
  return `<!doctype html><title>${place.source}</title>${inline(before)}${body ? body(place) : place.tag}${inline(after)}`
}

/** Runs in every document before any other script; the errors of the page itself are heard without it. */
function complainInFrames(): void {
  if (window === top) return
  const complain = console.error.bind(console)
  addEventListener('error', ({ message }) => complain(`error: ${message}`))
  addEventListener('unhandledrejection', ({ reason }) => complain(`unhandled rejection: ${reason}`))
}
