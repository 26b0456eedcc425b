import type { EngineName } from '../../support/engine.ts'
import type { ScenarioName } from './scenarios.ts'

/** What an engine is not asked, and why. */
export interface Exception {
  engines: readonly EngineName[]
  scenario: ScenarioName
  /** `not yet`: the tracker has it not. Anything else is a bound of the engine or of what drives it. */
  why: string
}

const ALL = ['chromium', 'firefox', 'webkit'] as const
const NO_RUNG = 'not yet: nothing is kept while the page lives on and IndexedDB is denied; only a page that leaves is'
const EPHEMERAL = 'an automation session of WebKitGTK keeps nothing that a second one could find'

export const EXCEPTIONS: readonly Exception[] = [
  { engines: ALL, scenario: 'IndexedDB denied: stored() resolves, by localStorage', why: NO_RUNG },
  {
    engines: ['chromium', 'firefox'],
    scenario: 'the browser killed 1.5 s after tracking in an outage with IndexedDB denied, and back',
    why: NO_RUNG,
  },
  {
    engines: ['webkit'],
    scenario: 'the browser killed 1.5 s after tracking in an outage with IndexedDB denied, and back',
    why: EPHEMERAL,
  },
  {
    engines: ['webkit'],
    scenario: 'the browser killed 1.5 s after tracking in an outage, and back',
    why: EPHEMERAL,
  },
  {
    engines: ['chromium'],
    scenario: 'stored() resolves on the page after one that was left at once',
    why: 'not yet: an opening of IndexedDB that the first page left unfinished, now in the back/forward cache, holds up the second page’s, and nothing gives up on it',
  },
  {
    engines: ['webkit'],
    scenario: 'offline, then online',
    why: 'WebDriver cannot take WebKitGTK offline; the line to the collector is cut instead, in a scenario of its own',
  },
  {
    engines: ['webkit'],
    scenario: 'two tabs track at once in an outage, one is killed',
    why: 'the end of a web process ends the WebDriver session',
  },
  {
    engines: ['firefox'],
    scenario: 'two tabs track at once in an outage, one is killed',
    why: 'WebDriver BiDi cannot crash a tab, and both tabs of a site live in one process',
  },
]
