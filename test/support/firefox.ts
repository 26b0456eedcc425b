import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import puppeteer, { type Browser } from 'puppeteer-core'

const EXECUTABLE = '/usr/bin/firefox-esr'

/** A headless Firefox, driven by WebDriver BiDi, on a fresh profile unless one is given. */
export async function launchFirefox(options: { userDataDir?: string } = {}): Promise<Browser> {
  if (!existsSync(EXECUTABLE)) throw new Error(`no ${EXECUTABLE}: run scripts/system-deps as root`)
  const userDataDir = options.userDataDir ?? mkdtempSync(join(tmpdir(), 'warren-firefox-'))
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: EXECUTABLE,
    headless: true,
    userDataDir,
  })
  if (!options.userDataDir)
    browser.once('disconnected', () => rmSync(userDataDir, { recursive: true, force: true, maxRetries: 5 }))
  return browser
}
