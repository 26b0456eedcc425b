import { existsSync } from 'node:fs'
import type { Browser } from 'puppeteer-core'
import { SettingsError } from '@warren/collector/node'

/** Where Debian and its kin put Chromium. */
const CHROMIUM = process.env['CHROMIUM'] || '/usr/bin/chromium'

/** How long an event may take from the click to the sandbox. */
const DELIVERY_MS = 15_000

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
    const delivered = await waitFor(addresses.sandbox, 2)
    for (const { uuid, count, event, publicParams } of delivered.events) {
      console.log(JSON.stringify({ uuid, count, isMatching: publicParams['isMatching'], event }))
    }
    const isWell = delivered.events.length === 2 && delivered.events.every(({ count }) => count === 1)
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

async function waitFor(sandbox: string, wanted: number): Promise<Delivered> {
  const endAt = Date.now() + DELIVERY_MS
  for (;;) {
    const delivered = (await (await fetch(`${sandbox}/_sandbox/events`)).json()) as Delivered
    if (delivered.events.length >= wanted || Date.now() > endAt) return delivered
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Why not everything arrived, in the collector's own words. */
async function explain({ collector }: Addresses, { events }: Delivered): Promise<string> {
  const { lanes } = (await (await fetch(`${collector}/readyz`)).json()) as {
    lanes: { lane: string; events: number; lastOutcome?: string; words?: string }[]
  }
  const troubles = lanes
    .filter(({ events: waiting }) => waiting > 0)
    .map(
      ({ lane, events: waiting, lastOutcome, words }) =>
        `${lane}: ${waiting} waiting, ${lastOutcome ?? 'no call yet'}${words ? ` (${words})` : ''}`,
    )
  const seen = `failed: ${events.length} of 2 events reached the sandbox, each once expected`
  return [
    seen,
    ...(troubles.length > 0 ? troubles : ['the collector holds no event: the page did not get through to it']),
  ].join('\n  ')
}
