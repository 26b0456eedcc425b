import type { Browser, Page } from 'puppeteer-core'
import type { Bench, Contender } from './tracker-contenders.ts'

/** Works on a page of this tracker that has seen nothing yet, in a profile of its own. */
export async function onFreshPage<Result>(
  browser: Browser,
  { pageUrl }: Contender,
  work: (page: Page) => Promise<Result>,
): Promise<Result> {
  const context = await browser.createBrowserContext()
  try {
    const page = await context.newPage()
    await page.goto(pageUrl)
    await page.evaluate(async () => {
      await (globalThis as unknown as { bench: Bench }).bench.ready
    })
    return await work(page)
  } finally {
    await context.close()
  }
}
