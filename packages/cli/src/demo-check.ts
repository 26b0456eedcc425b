import { existsSync } from 'node:fs'
import type { Browser } from 'puppeteer-core'
import type { LaneReport } from '@warren/collector'
import { SettingsError } from '@warren/collector/node'

/** Where Debian and its kin put Chromium. */
const CHROMIUM = process.env['CHROMIUM'] || '/usr/bin/chromium'

/** How long an event may take from the click to the sandbox. */
const DELIVERY_MS = 15_000

/** What the check buys: once anonymously, once identified. */
const EVENTS = 2

interface Addresses {
  page: string
  collector: string
  sandbox: string
}

interface Delivered {
  events: { uuid: string; count: number; event: Record<string, unknown>; publicParams: Record<string, unknown> }[]
}

/** Buys once anonymously and once identified in a real Chromium, and prints what reached the sandbox. */
export async function checkDemo(addresses: Addresses): Promise<boolean> {
  const browser = await launch()
  try {
    const page = await browser.newPage()
    await page.goto(addresses.page, { waitUntil: 'load' })
    await page.locator('[data-buy]').click()
    await page.locator('#openid').fill('wxnoafe-wjowjfoj-fsfs')
    await page.locator('#identify').click()
    await page.locator('[data-buy]').click()
    const delivered = await waitForEvents(addresses)
    for (const { uuid, count, event, publicParams } of delivered.events) {
      console.log(JSON.stringify({ uuid, count, isMatching: publicParams['isMatching'], event }))
    }
    const isWell = delivered.events.length === EVENTS && delivered.events.every(({ count }) => count === 1)
    console.log(isWell ? 'ok: both events reached the sandbox, each once' : await explain(addresses, delivered))
    return isWell
  } finally {
    await browser.close()
  }
}

async function launch(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) {
    throw new SettingsError(
      `--check needs Chromium and there is no ${CHROMIUM}: install it (apt-get install chromium), or set CHROMIUM to its path`,
    )
  }
  const { launch: start } = await import('puppeteer-core').catch(() => {
    throw new SettingsError('--check needs the package puppeteer-core: npm install puppeteer-core')
  })
  return start({
    executablePath: CHROMIUM,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** Waits for both events, or for an answer of the platform's that no waiting cures. */
async function waitForEvents(addresses: Addresses): Promise<Delivered> {
  const endAt = Date.now() + DELIVERY_MS
  for (;;) {
    const delivered = (await (await fetch(`${addresses.sandbox}/_sandbox/events`)).json()) as Delivered
    if (delivered.events.length >= EVENTS || Date.now() > endAt) return delivered
    const lanes = await readLanes(addresses)
    if (lanes.some(({ lastOutcome }) => lastOutcome === 'unauthorised' || lastOutcome === 'misconfigured'))
      return delivered
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Why not everything arrived, in the collector's own words. */
async function explain(addresses: Addresses, { events }: Delivered): Promise<string> {
  const troubles = (await readLanes(addresses))
    .filter(({ events: waiting }) => waiting > 0)
    .map(({ lane, events: waiting, lastOutcome, words }) => {
      return `${lane}: ${waiting} waiting, ${lastOutcome ?? 'no call yet'}${words ? ` (${words})` : ''}`
    })
  const seen = `failed: ${events.length} of ${EVENTS} events reached the sandbox, each once expected`
  const why = troubles.length > 0 ? troubles : ['the collector holds no event: the page did not get through to it']
  return [seen, ...why].join('\n  ')
}

async function readLanes({ collector }: Addresses): Promise<LaneReport[]> {
  const { lanes } = (await (await fetch(`${collector}/readyz`)).json()) as { lanes: LaneReport[] }
  return lanes
}
