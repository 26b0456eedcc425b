import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Hono } from 'hono'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { launchChromium } from '../support/chromium.ts'
import { listen, type Listening } from '../support/listen.ts'
import { freshFolder, startCli, type CliProcess } from '../support/processes.ts'
import { startSandbox, towards, type TestSandbox } from '../support/sandbox.ts'

/** What the page notes about itself. */
interface Notes {
  violations: string[]
  /** `load` or `error`, once the tracker's script has come to its end. */
  script?: string
}

/** What a tag with `integrity` names: as `serve` tells it. */
interface Tag {
  src: string
  integrity: string
}

const NONCE = 'bm9uY2U'
const soon = { timeout: 20_000, interval: 100 }

let browser: Browser
let folder: ReturnType<typeof freshFolder>
let sandbox: TestSandbox
let collector: CliProcess
let told: Tag
let site: Listening | undefined
let page: Page
let consoleErrors: string[]

beforeAll(async () => void (browser = await launchChromium()))
afterAll(() => browser.close())
beforeEach(async () => {
  folder = freshFolder()
  sandbox = await startSandbox()
  collector = await startCli(['serve', '--port', '0', '--db', join(folder.path, 'warren.db')], towards(sandbox))
  const line = () => /"src":"([^"]+)","integrity":"([^"]+)"/.exec(collector.output())
  await expect.poll(line, soon).not.toBeNull()
  const [, src = '', integrity = ''] = line() ?? []
  told = { src, integrity }
  consoleErrors = []
  page = await (await browser.createBrowserContext()).newPage()
  page.on('pageerror', (error) => consoleErrors.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') consoleErrors.push(message.text())
  })
})
afterEach(async () => {
  await page.browserContext().close()
  await site?.close()
  site = undefined
  expect(await collector.end('SIGTERM')).toBe(0)
  await sandbox.close()
  folder.remove()
})

/** The loader as the README shows it. */
function loader(): string {
  const readme = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8')
  const found = /<script>\n(\s*;\(function \(w, names\) \{[^]*?)<\/script>/.exec(readme)?.[1]
  if (found === undefined) throw new Error('the README shows no loader')
  return found
}

/** Opens a page of another origin under a strict policy: it tracks two events before the script is there, three after. */
async function open({ src, integrity }: Tag, connectSrc = collector.url): Promise<void> {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${NONCE}'`,
    `connect-src ${connectSrc}`,
    "require-trusted-types-for 'script'",
  ]
  const html = `<!doctype html><title>shop</title>
    <script nonce="${NONCE}">
      notes = { violations: [] }
      addEventListener('securitypolicyviolation', (event) =>
        notes.violations.push(event.effectiveDirective + ' ' + event.blockedURI))
      const buy = (n) => warren.track('c_buy', { n, title: '下单' })
      for (const outcome of ['load', 'error'])
        document.addEventListener(outcome, ({ target }) => {
          if (target.id !== 'warren') return
          notes.script = outcome
          if (outcome === 'load') [2, 3, 4].forEach(buy)
        }, true)
    </script>
    <script nonce="${NONCE}">${loader()}</script>
    <script nonce="${NONCE}">for (const n of [0, 1]) buy(n)</script>
    <script nonce="${NONCE}" id="warren" async src="${src}" integrity="${integrity}" crossorigin="anonymous"
      data-endpoint="${collector.url}" data-source="shop"></script>`
  const app = new Hono()
  app.get('/', (c) => c.html(html, 200, { 'content-security-policy': policy.join('; ') }))
  site = await listen(app.fetch)
  await page.goto(site.url)
}

// No `waitForFunction`: it compiles its argument in the page, which the policy forbids.
const notes = () => page.evaluate(() => (globalThis as unknown as { notes: Notes }).notes)

async function delivered(): Promise<number[]> {
  const { events } = await sandbox.events()
  return events
    .flatMap(({ count, event }) => Array.from({ length: count }, () => Number(event.eventargs?.['n'])))
    .toSorted((a, b) => a - b)
}

it('a strict policy with Trusted Types and the integrity that serve tells: five events arrive, nothing is violated', async () => {
  const text = await (await fetch(told.src)).text()
  expect(told.src).toContain(`/v1/warren.${createHash('sha256').update(text).digest('hex').slice(0, 16)}.js`)

  await open(told)
  await expect.poll(delivered, soon).toEqual([0, 1, 2, 3, 4])
  expect(await notes()).toEqual({ violations: [], script: 'load' })
  expect(consoleErrors).toEqual([])
})

it('with a wrong integrity the script does not run', async () => {
  await open({ ...told, integrity: `sha384-${createHash('sha384').update('other bytes').digest('base64')}` })
  await expect.poll(notes, soon).toMatchObject({ script: 'error' })
  // Still the loader's, with the two calls that it keeps.
  expect(await page.evaluate(() => (globalThis.warren as unknown as { q: unknown[] }).q.length)).toBe(2)
  expect(consoleErrors.join()).toContain('integrity')
  expect(await delivered()).toEqual([])
})

it('a policy that leaves out the collector shows as a violation, and keeps the events on the device', async () => {
  await open(told, "'none'")
  await expect
    .poll(notes, soon)
    .toMatchObject({ script: 'load', violations: expect.arrayContaining([expect.stringContaining('connect-src')]) })
  expect(await page.evaluate(() => warren.health())).toMatchObject({ waiting: 5, sent: 0 })
  expect(await delivered()).toEqual([])
})
