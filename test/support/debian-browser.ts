import { defineBrowserProvider } from '@vitest/browser'
import { launchChromium } from './chromium.ts'
import { launchFirefox } from './firefox.ts'
import { launchWebKit } from './webkit.ts'

/** What vitest asks of a browser: one page, opened at an address, and its end. */
interface OneBrowser {
  open(url: string): Promise<unknown>
  close(): Promise<void>
}

const LAUNCH: Record<string, () => Promise<OneBrowser>> = {
  chrome: () => byPuppeteer(launchChromium),
  firefox: () => byPuppeteer(launchFirefox),
  async webkit() {
    const { send, close } = await launchWebKit()
    return { open: (url) => send('POST', '/url', { url }), close }
  },
}

async function byPuppeteer(launch: typeof launchChromium): Promise<OneBrowser> {
  const browser = await launch()
  return {
    open: async (url) => (await browser.newPage()).goto(url),
    close: () => browser.close(),
  }
}

/** Runs vitest's browser tests in the engines that Debian installs: no download of a browser of its own. */
export const debianBrowser = defineBrowserProvider({
  name: 'debian',
  options: {},
  supportedBrowser: Object.keys(LAUNCH),
  providerFactory(project) {
    // vitest asks for the command before each test file; a page's size matters to none of ours.
    project.browser?.registerCommand('__vitest_viewport' as never, (async () => {}) as never)
    const launch = LAUNCH[project.config.browser.name]
    if (!launch) throw new Error(`no such browser: ${project.config.browser.name}; there are ${Object.keys(LAUNCH)}`)
    let browser: OneBrowser | undefined
    return {
      name: 'debian',
      supportsParallelism: false,
      getCommandsContext: () => ({}),
      async openPage(_id: string, url: string) {
        browser ??= await launch()
        await browser.open(url)
      },
      async close() {
        await browser?.close()
      },
    }
  },
})
