import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Hono } from 'hono'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { launchChromium } from '../support/chromium.ts'
import { listen, type Listening } from '../support/listen.ts'
import { freshFolder, startCli, type CliProcess } from '../support/processes.ts'
import { startSandbox, towards, type TestSandbox } from '../support/sandbox.ts'

const NONCE = 'bm9uY2U'
const SCRIPT = resolve(import.meta.dirname, '../../packages/tracker/dist/warren.js')
const soon = { timeout: 20_000, interval: 100 }

let browser: Browser
let folder: ReturnType<typeof freshFolder>
let sandbox: TestSandbox
let collector: CliProcess
let site: Listening | undefined
let page: Page
/** What the page said, by `console.debug` and otherwise. */
let debugLines: string[]
let complaints: string[]

beforeAll(async () => void (browser = await launchChromium()))
afterAll(() => browser.close())
beforeEach(async () => {
  folder = freshFolder()
  sandbox = await startSandbox()
  collector = await startCli(['serve', '--port', '0', '--db', join(folder.path, 'warren.db')], towards(sandbox))
  debugLines = []
  complaints = []
  page = await (await browser.createBrowserContext()).newPage()
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => (message.type() === 'debug' ? debugLines : complaints).push(message.text()))
})
afterEach(async () => {
  await page.browserContext().close()
  await site?.close()
  site = undefined
  expect(await collector.end('SIGTERM')).toBe(0)
  await sandbox.close()
  folder.remove()
})

interface Site {
  /** Of the tag; default the collector's. */
  src?: string
  policy?: string
  body?: string
  path?: string
}

/** Opens a page of another origin, without the loader: its own script tracks as soon as the tag is passed. */
async function open({
  src = `${collector.url}/v1/warren.js`,
  policy = '',
  body = '',
  path = '/',
}: Site): Promise<void> {
  const app = new Hono()
  app.get('/warren.js', (c) => c.body(readFileSync(SCRIPT, 'utf8'), 200, { 'content-type': 'text/javascript' }))
  app.get('/favicon.ico', (c) => c.body(null, 204))
  app.get('/from', (c) => c.html('<!doctype html><title>from</title>'))
  app.get('/', (c) =>
    c.html(
      `<!doctype html><title>shop</title>
      <script nonce="${NONCE}" src="${src}" data-endpoint="${collector.url}" data-source="shop"></script>
      <script nonce="${NONCE}">${body}</script>`,
      200,
      policy ? { 'content-security-policy': policy } : {},
    ),
  )
  site = await listen(app.fetch)
  await page.goto(`${site.url}/from`)
  await Promise.all([page.waitForNavigation(), page.evaluate((href) => void (location.href = href), path)])
}

async function arrived(): Promise<Record<string, unknown>[]> {
  const { events } = await sandbox.events()
  return events.map(({ event }) => event.eventargs ?? {})
}

describe('warren.full.js', () => {
  it('names the page and the campaign, and packs a backlog: all of it arrives', async () => {
    const packed: string[] = []
    page.on('request', (request) => {
      if (request.url().includes('gz=1')) packed.push(request.headers()['content-type'] ?? '')
    })
    await open({
      src: `${collector.url}/v1/warren.full.js`,
      path: '/?utm_source=wx#top',
      body: "for (let n = 0; n < 100; n++) warren.track('c_buy', { n, text: '兔'.repeat(600) })",
    })
    await expect.poll(async () => (await arrived()).length, soon).toBe(100)
    expect((await arrived())[0]).toMatchObject({
      url: `${site?.url}/?utm_source=wx`,
      referrer: `${site?.url}/from`,
      utm_source: 'wx',
      first_referrer: `${site?.url}/from`,
      first_utm_source: 'wx',
      title: 'shop',
      text: '兔'.repeat(600),
    })
    // No type, so no preflight.
    expect(packed).toEqual([''])
    expect((await sandbox.events()).repeats).toBe(0)
    expect(complaints).toEqual([])
    expect(debugLines).toEqual([])

    // The next page of the visit knows where it began.
    await page.goto(`${site?.url}/?utm_source=mail`)
    await expect.poll(async () => (await arrived()).length, soon).toBe(200)
    const next = (await arrived()).filter((args) => args['utm_source'] === 'mail')
    expect(next).toHaveLength(100)
    expect(next[0]).toMatchObject({ first_utm_source: 'wx', first_referrer: `${site?.url}/from` })
  })

  it('tracks nothing where the browser asks for it', async () => {
    await page.evaluateOnNewDocument(() => Object.defineProperty(navigator, 'globalPrivacyControl', { value: true }))
    await open({ src: `${collector.url}/v1/warren.full.js`, body: "warren.track('c_buy')" })
    expect(await page.evaluate(() => warren.health())).toMatchObject({ tracked: 0, dropped: { no_consent: 1 } })
    expect(await page.evaluate(() => localStorage.length)).toBe(0)
  })
})

describe('?warren_debug', () => {
  const body = "warren.track('c_buy', { n: 1 })"
  const steps = () => debugLines.map((line) => line.split(' ').slice(0, 3).join(' '))
  const nonces = () => `default-src 'none'; script-src 'nonce-${NONCE}'; connect-src ${collector.url}`

  it.each(['warren', 'warren.full'])(
    'has the debug script come in place of %s, under its policy: it tells the life of each event',
    async (name) => {
      const src = `${collector.url}/v1/${name}.js`
      await open({ src, path: '/?warren_debug', body, policy: nonces() })
      await expect.poll(steps, soon).toContain('[warren] sent c_buy')
      expect(new Set(steps())).toEqual(
        new Set(
          ['begun shop', 'tracked c_buy', 'stored c_buy', 'sending c_buy', 'sent c_buy'].map(
            (step) => `[warren] ${step}`,
          ),
        ),
      )
      await expect.poll(arrived, soon).toMatchObject([{ n: 1, title: 'shop', url: `${site?.url}/?warren_debug` }])
      expect(complaints).toEqual([])
    },
  )

  it('is nothing where it is not asked for', async () => {
    await open({ body })
    await expect.poll(arrived, soon).toEqual([{ n: 1, title: 'shop' }])
    expect(debugLines).toEqual([])
    expect(complaints).toEqual([])
  })

  it.each<[string, () => Site]>([
    ['is no such script', () => ({ src: '/warren.js' })],
    [
      'is a policy against it',
      () => ({ policy: `script-src 'nonce-${NONCE}' 'strict-dynamic'; require-trusted-types-for 'script'` }),
    ],
    [
      'is a policy that names the script alone',
      () => ({ policy: `script-src 'unsafe-inline' ${collector.url}/v1/warren.js` }),
    ],
  ])('changes nothing where there %s: every call still counts', async (_, there) => {
    await open({ ...there(), path: '/?warren_debug', body })
    await expect.poll(arrived, soon).toEqual([{ n: 1, title: 'shop' }])
    expect(debugLines).toEqual([])
  })
})
