import type { Browser, Page } from 'puppeteer-core'
import type { Engine, EnginePage } from './engine.ts'

/** Chromium by its own protocol, Firefox by WebDriver BiDi. */
export async function puppeteerEngine(launched: Promise<Browser>): Promise<Engine> {
  const browser = await launched
  return {
    async open(url) {
      const page = await browser.newPage({ type: 'window' })
      await page.goto(url)
      return enginePage(page)
    },
    async kill() {
      const child = browser.process()
      const gone = new Promise((resolve) => child?.once('exit', resolve))
      child?.kill('SIGKILL')
      await gone
    },
    close: () => browser.close(),
  }
}

function enginePage(page: Page): EnginePage {
  return {
    async navigate(url) {
      await page.goto(url)
    },
    async back() {
      // `goBack` waits for a load, which a page from the cache does not have.
      await page.evaluate(() => history.back())
    },
    evaluate: (work, ...args) => page.evaluate(work as never, ...args),
    setOffline: (isOffline) => page.setOfflineMode(isOffline),
    async crash() {
      const session = await page.createCDPSession()
      const gone = new Promise((resolve) => page.once('error', resolve))
      // The page that is to answer is the one that dies.
      session.send('Page.crash').catch(() => undefined)
      await gone
    },
    close: () => page.close({ runBeforeUnload: true }),
  }
}
