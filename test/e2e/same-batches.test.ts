import { join } from 'node:path'
import { expect, it } from 'vitest'
import { launchChromium } from '../support/chromium.ts'
import { forwardTo } from '../support/mini/mini-forward.ts'
import { SAME_STEPS, withoutChance, type ScenarioTracker } from '../support/mini/same-scenario.ts'
import { createMiniHost } from '../support/mini/wx-double.ts'
import { startPage } from '../support/page-server.ts'
import { freshFolder, startCli, type CliProcess } from '../support/processes.ts'
import { startSandbox, towards } from '../support/sandbox.ts'
import { watchWire, type WatchedBatch } from '../support/wire-watch.ts'

/** Plays the steps in a page of the script, and returns what it sent. */
async function inPage(collector: CliProcess): Promise<WatchedBatch[]> {
  const browser = await launchChromium()
  const site = await startPage(collector.url)
  try {
    const page = await browser.newPage()
    const batches = watchWire(page)
    await page.goto(site.url)
    await page.waitForFunction(() => 'health' in (globalThis as unknown as { warren: object }).warren)
    await page.evaluate(() => void (document.title = ''))
    const tracker = await page.evaluateHandle(() => (globalThis as unknown as { warren: ScenarioTracker }).warren)
    for (const step of SAME_STEPS) {
      await page.evaluate(step, tracker)
      await page.evaluate(async (global) => void (await global.flush()), tracker)
    }
    return batches
  } finally {
    await browser.close()
    await site.close()
  }
}

/** Plays them in a mini-program, and returns what it sent. */
async function inMiniProgram(collector: CliProcess): Promise<WatchedBatch[]> {
  const host = createMiniHost({ startAt: Date.now(), network: forwardTo(collector.url) })
  host.launch()
  const { createTracker } = host.run('packages/tracker/dist/miniprogram/index.js')
  const tracker: ScenarioTracker = createTracker({ endpoint: 'https://c.example', source: 'shop' })
  for (const step of SAME_STEPS) {
    step(tracker)
    const flushed = tracker.flush()
    await host.advance(3_000)
    await flushed
  }
  expect([host.violations, host.errors]).toEqual([[], []])
  return host.requests.map(({ data }) => JSON.parse(String(data)) as WatchedBatch)
}

it('a page and a mini-program send the same batches to the same collector', async () => {
  const folder = freshFolder()
  const sandbox = await startSandbox()
  const collector = await startCli(['serve', '--port', '0', '--db', join(folder.path, 'warren.db')], towards(sandbox))
  try {
    const [page, mini] = [await inPage(collector), await inMiniProgram(collector)]
    expect(withoutChance(mini as never)).toEqual(withoutChance(page as never))
    expect(page.flatMap(({ events }) => events)).toHaveLength(126)
    // One order came from both, and is one event.
    await expect.poll(async () => (await sandbox.events()).total, { timeout: 20_000 }).toBe(2 * 126 - 1)
  } finally {
    await collector.end('SIGTERM')
    await sandbox.close()
    folder.remove()
  }
})
