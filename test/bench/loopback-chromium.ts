import type { Browser } from 'puppeteer-core'
import { launchChromium } from '../support/chromium.ts'

/** Chromium for scripts of others: no name but this machine's leads anywhere, so that none can call its maker. */
export function launchLoopbackChromium(): Promise<Browser> {
  return launchChromium({ args: ['--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost'] })
}
