import type { EngineName } from '../../support/engine.ts'
import type { ScenarioName } from './scenarios.ts'

/** What an engine is not asked, and why. */
export interface Exception {
  engines: readonly EngineName[]
  scenario: ScenarioName
  /** A bound of the engine, or of what drives it. */
  why: string
}

const EPHEMERAL = 'an automation session of WebKitGTK keeps nothing that a second one could find'

export const EXCEPTIONS: readonly Exception[] = [
  {
    engines: ['chromium', 'firefox'],
    scenario: 'the browser killed 1.5 s after tracking in an outage with IndexedDB denied, and back',
    why: 'localStorage reaches the disk seconds later: what is left to a device that denies IndexedDB is played with 8 s',
  },
  {
    engines: ['webkit'],
    scenario: 'the browser killed 1.5 s after tracking in an outage with IndexedDB denied, and back',
    why: EPHEMERAL,
  },
  {
    engines: ['webkit'],
    scenario: 'the browser killed 8 s after tracking in an outage with IndexedDB denied, and back',
    why: EPHEMERAL,
  },
  {
    engines: ['webkit'],
    scenario: 'the browser killed 1.5 s after tracking in an outage, and back',
    why: EPHEMERAL,
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
