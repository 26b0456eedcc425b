import { defineBrowserProvider } from '@vitest/browser'
import { launchChromium } from './chromium.ts'

/** Runs vitest's browser tests in the Chromium that Debian installs: no download of a browser of its own. */
export const debianBrowser = defineBrowserProvider({
  name: 'debian',
  options: {},
  supportedBrowser: ['chrome'],
  providerFactory(project) {
    // vitest asks for the command before each test file; a page's size matters to none of ours.
    project.browser?.registerCommand('__vitest_viewport' as never, (async () => {}) as never)
    let browser: Awaited<ReturnType<typeof launchChromium>> | undefined
    return {
      name: 'debian',
      supportsParallelism: false,
      getCommandsContext: () => ({}),
      async openPage(_id: string, url: string) {
        browser ??= await launchChromium()
        const page = await browser.newPage()
        await page.goto(url)
      },
      async close() {
        await browser?.close()
      },
    }
  },
})
