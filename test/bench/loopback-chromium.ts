import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import puppeteer, { type Browser } from 'puppeteer-core'

const EXECUTABLE = '/usr/bin/chromium'

/**
 * A headless Chromium for scripts of others: as the tests', and no name but this machine's leads anywhere, so that none
 * of them can call its maker.
 */
export async function launchLoopbackChromium(): Promise<Browser> {
  if (!existsSync(EXECUTABLE)) throw new Error(`no ${EXECUTABLE}: run scripts/system-deps as root`)
  const userDataDir = mkdtempSync(join(tmpdir(), 'warren-chromium-'))
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
      '--disable-backgrounding-occluded-windows',
      '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost',
    ],
  })
  browser.once('disconnected', () => rmSync(userDataDir, { recursive: true, force: true, maxRetries: 5 }))
  return browser
}
