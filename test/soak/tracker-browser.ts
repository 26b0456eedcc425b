import { launchEngine, type Engine, type EngineName } from '../support/engine.ts'
import { freshFolder } from '../support/processes.ts'
import { inTime, openOutlook, type Outlook } from './tracker-windows.ts'

/** One profile, and the browser on it: another one after each kill. */
export interface SoakBrowser {
  readonly engine: Engine
  readonly outlook: Outlook
  launch(): Promise<void>
  /** As a battery does: SIGKILL. */
  kill(): Promise<void>
  close(): Promise<void>
}

export async function soakBrowser(name: EngineName, outlookUrl: string): Promise<SoakBrowser> {
  const profile = freshFolder()
  let engine: Engine | undefined
  let outlook: Outlook | undefined

  const given = <Part>(part: Part | undefined): Part => {
    if (!part) throw new Error('no browser')
    return part
  }
  const browser: SoakBrowser = {
    get engine() {
      return given(engine)
    },
    get outlook() {
      return given(outlook)
    },
    async launch() {
      const start = () => inTime(launchEngine(name, { userDataDir: profile.path }), 'launching', 60_000)
      engine = await start().catch(async () => {
        // What drives Firefox tidies the profile of a killed one, and may be in the way of the next.
        await new Promise((later) => setTimeout(later, 2_000))
        return start()
      })
      outlook = await openOutlook(engine, outlookUrl)
    },
    kill: () => inTime(given(engine).kill(), 'killing'),
    async close() {
      // One that was killed is closed already.
      await inTime(given(engine).close(), 'closing').catch(() => undefined)
      profile.remove()
    },
  }
  await browser.launch()
  return browser
}
