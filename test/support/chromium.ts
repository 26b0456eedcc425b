import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import puppeteer, { type Browser } from 'puppeteer-core'

const EXECUTABLE = '/usr/bin/chromium'

interface ChromiumOptions {
  /** A fresh one unless given. */
  userDataDir?: string
  /** Arguments besides those of all tests. */
  args?: string[]
}

/** A headless Chromium that speaks to loopback alone. */
export async function launchChromium(options: ChromiumOptions = {}): Promise<Browser> {
  if (!existsSync(EXECUTABLE)) throw new Error(`no ${EXECUTABLE}: run scripts/system-deps as root`)
  const userDataDir = options.userDataDir ?? mkdtempSync(join(tmpdir(), 'warren-chromium-'))
  const browser = await puppeteer.launch({
    executablePath: EXECUTABLE,
    headless: true,
    userDataDir,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Tabs in tests take turns being in front; none may be slowed for it.
      '--disable-backgrounding-occluded-windows',
      ...(options.args ?? []),
    ],
  })
  if (!options.userDataDir)
    browser.once('disconnected', () => rmSync(userDataDir, { recursive: true, force: true, maxRetries: 5 }))
  return browser
}
