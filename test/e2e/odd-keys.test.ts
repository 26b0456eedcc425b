import { join } from 'node:path'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WireAnswer } from '@warren/protocol'
import { launchChromium } from '../support/chromium.ts'
import type { Listening } from '../support/listen.ts'
import { startPage } from '../support/page-server.ts'
import { freshFolder, startCli, type CliProcess } from '../support/processes.ts'
import { startSandbox, towards, type TestSandbox } from '../support/sandbox.ts'
import { watchWire, type WatchedBatch } from '../support/wire-watch.ts'

/** What pages have been seen to call `track` with, and what a tracker and a collector both say of it. */

type Verdict = { dropped: 'invalid_key' | 'invalid_args'; path: 'eventKey' | 'args' } | undefined
const KEY: Verdict = { dropped: 'invalid_key', path: 'eventKey' }
const ARGS: Verdict = { dropped: 'invalid_args', path: 'args' }

/** `wire`: the same call as a careless client would put it on the wire; JSON has no word for a symbol. */
const CALLS: { call: string; wire: object; verdict: Verdict }[] = [
  { call: 'track()', wire: {}, verdict: KEY },
  { call: 'track(undefined, {})', wire: { args: {} }, verdict: KEY },
  { call: "track(Symbol('x'))", wire: { eventKey: Symbol('x') }, verdict: KEY },
  { call: 'track({})', wire: { eventKey: {} }, verdict: KEY },
  { call: "track('')", wire: { eventKey: '' }, verdict: KEY },
  { call: "track(' c_a ')", wire: { eventKey: ' c_a ' }, verdict: KEY },
  { call: "track('x'.repeat(5000))", wire: { eventKey: 'x'.repeat(5000) }, verdict: KEY },
  { call: "track('__proto__')", wire: { eventKey: '__proto__' }, verdict: undefined },
  { call: "track('c_a', 'text')", wire: { eventKey: 'c_a', args: 'text' }, verdict: ARGS },
  { call: "track('c_a', null)", wire: { eventKey: 'c_a', args: null }, verdict: ARGS },
  { call: "track('c_a', [1])", wire: { eventKey: 'c_a', args: [1] }, verdict: ARGS },
]
/** A good one behind them all. */
const LAST = { call: "track('c_last')", wire: { eventKey: 'c_last' }, verdict: undefined }

let browser: Browser
let folder: ReturnType<typeof freshFolder>
let sandbox: TestSandbox
let collector: CliProcess
let site: Listening
let page: Page
let wire: WatchedBatch[]
const errors: string[] = []

beforeAll(async () => {
  browser = await launchChromium()
  folder = freshFolder()
  sandbox = await startSandbox()
  collector = await startCli(['serve', '--port', '0', '--db', join(folder.path, 'warren.db')], towards(sandbox))
  site = await startPage(collector.url)
  page = await browser.newPage()
  page.on('pageerror', (error) => errors.push(String(error)))
  wire = watchWire(page)
  await page.goto(site.url)
  await page.waitForFunction(() => typeof globalThis.warren?.health === 'function')
})
afterAll(async () => {
  await browser.close()
  await site.close()
  expect(await collector.end('SIGTERM')).toBe(0)
  await sandbox.close()
  folder.remove()
})

/** The keys upstream of events whose uuid the test gave (`odd-…`), or the page; each as often as it was kept. */
async function delivered(uuids: 'given' | 'made'): Promise<string[]> {
  const { events } = await sandbox.events()
  return events
    .filter(({ uuid }) => uuid.startsWith('odd-') === (uuids === 'given'))
    .flatMap(({ count, event }) => Array.from({ length: count }, () => event.eventKey ?? ''))
    .toSorted()
}
const soon = { timeout: 20_000, interval: 100 }

describe('odd keys and arguments', () => {
  it('the tracker throws at none, counts the bad ones by reason, and tells the collector how many', async () => {
    const outcomes = await page.evaluate(`{
      const attempt = (call) => {
        const before = warren.health().dropped
        try {
          if (call() !== undefined) return 'returned something'
        } catch {
          return 'threw'
        }
        const { dropped } = warren.health()
        return Object.keys(dropped).filter((reason) => dropped[reason] !== before[reason])
      };
      [${[...CALLS, LAST].map(({ call }) => `attempt(() => warren.${call})`).join()}]
    }`)
    expect(outcomes).toEqual([...CALLS, LAST].map(({ verdict }) => (verdict ? [verdict.dropped] : [])))

    await expect.poll(() => delivered('made'), soon).toEqual(['__proto__', 'c_last'])
    const dropped = { invalid_key: 7, invalid_args: 3 }
    const health = { tracked: 2, waiting: 0, sent: 2, rejected: {}, dropped }
    await expect.poll(() => page.evaluate(() => warren.health()), soon).toMatchObject(health)
    // Numbered are only those that were taken, so that a gap in the numbers is a loss.
    expect(
      wire.map(({ writers, events }) => [writers[0]?.given, writers[0]?.dropped, events.map(({ seq }) => seq)]),
    ).toEqual([[2, dropped, [0, 1]]])
    expect(errors).toEqual([])
  })

  it('the collector, asked by a client that does not look, says the same of each and where', async () => {
    const events = [...CALLS, LAST].map(({ wire }, seq) => ({ uuid: `odd-${seq}`, writer: 'w', seq, time: 1, ...wire }))
    const body = { v: 1, sentAt: Date.now(), device: 'device', writers: [{ id: 'w', given: 12, dropped: {} }], events }
    const answer = await page.evaluate(
      async (url, body) => (await fetch(url, { method: 'POST', body })).json() as Promise<WireAnswer>,
      `${collector.url}/v1/batch?source=shop&d=de`,
      JSON.stringify(body),
    )
    expect(answer).toMatchObject({ v: 1, accepted: 2, retry: [] })
    const bad = CALLS.flatMap(({ verdict }, index) => (verdict ? [{ index, path: verdict.path }] : []))
    expect(answer.rejected).toEqual(
      bad.map(({ index, path }) => ({
        index,
        uuid: `odd-${index}`,
        code: 'invalid',
        path,
        message: expect.any(String),
      })),
    )
    await expect.poll(() => delivered('given'), soon).toEqual(['__proto__', 'c_last'])
  })
})
