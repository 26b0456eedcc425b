import { puppeteerEngine } from './puppeteer-engine.ts'
import { launchChromium } from './chromium.ts'
import { launchFirefox } from './firefox.ts'
import { webKitEngine } from './webkit-engine.ts'

/** A browser under test, whatever drives it: as little as the scenarios need. */
export interface Engine {
  /** A page in a window of its own, so that none is hidden by another; resolves when it has loaded. */
  open(url: string): Promise<EnginePage>
  /** Ends it as a battery does: SIGKILL, no farewell. */
  kill(): Promise<void>
  close(): Promise<void>
}

export interface EnginePage {
  navigate(url: string): Promise<void>
  /** Back in the history, from the engine's cache if it keeps the page there. */
  back(): Promise<void>
  /** Runs in the page; what it uses of the test's must come as arguments. Waits for a promise. */
  evaluate<Args extends unknown[], Value>(
    work: (...args: Args) => Value | Promise<Value>,
    ...args: Args
  ): Promise<Value>
  setOffline(isOffline: boolean): Promise<void>
  /** Ends the process behind the page alone. */
  crash(): Promise<void>
  /** Closes it as a visitor does: it may still say what it has to. */
  close(): Promise<void>
}

export type EngineName = 'chromium' | 'firefox' | 'webkit'

/** The engine on a fresh profile, or on a folder of its own that outlives it. */
export function launchEngine(name: EngineName, options: { userDataDir?: string } = {}): Promise<Engine> {
  switch (name) {
    case 'chromium':
      return puppeteerEngine(launchChromium(options))
    case 'firefox':
      return puppeteerEngine(launchFirefox(options))
    case 'webkit':
      return webKitEngine()
  }
}
