import { seeded } from '../../packages/collector/src/queue/conformance/seeded.ts'
import type { EngineName } from '../support/engine.ts'
import { STORAGE_FAULTS, type StorageFault } from '../support/storage-faults.ts'
import { LINE_FAULTS, type LineFault } from './tracker-line.ts'

/** What an event is made of: see `trackAll`. */
export type EventKind = 'plain' | 'wide' | 'deep' | 'badKey' | 'tooLarge'

export interface PlannedEvent {
  uuid: string
  kind: EventKind
}

/** The address of a page: all that a life of one begins with. */
export interface PlannedPage {
  /** Of this address: what its reload shares with it. */
  life: number
  fault?: StorageFault | undefined
  consent: 'granted' | 'pending'
  intervalMs: number
  maxEvents?: number | undefined
  isHolding: boolean
}

/** One step; `slot` is a window of the browser. */
export type Action =
  | { do: 'open'; slot: number; page: PlannedPage }
  | { do: 'track'; slot: number; events: PlannedEvent[] }
  | { do: 'navigate'; slot: number; page: PlannedPage }
  | { do: 'trackAndGo' | 'trackInPagehideAndGo'; slot: number; page: PlannedPage; events: PlannedEvent[] }
  | { do: 'identify'; slot: number; openid: string }
  | { do: 'setConsent'; slot: number; consent: 'granted' | 'pending' | 'denied' }
  | {
      do: 'back' | 'closePage' | 'crash' | 'stored' | 'flush' | 'reset' | 'erase' | 'closeTracker' | 'beginFault'
      slot: number
    }
  | { do: 'setHidden' | 'setOffline'; slot: number; is: boolean }
  | { do: 'line'; state: LineFault | 'well' }
  /** The whole browser; right after some events were tracked, where there are any. */
  | { do: 'kill'; slot?: number; events: PlannedEvent[] }
  | { do: 'wait'; ms: number }

type Slotted = Exclude<Extract<Action, { slot: number }>['do'], 'open' | 'kill'>

/** Windows that are open at once, at most. */
const MAX_WINDOWS = 3

/** How often each is drawn, where it can be. The numbers sum up to some 130. */
const WEIGHTS: Record<Action['do'], number> = {
  track: 34,
  open: 8,
  navigate: 6,
  trackAndGo: 8,
  trackInPagehideAndGo: 4,
  back: 5,
  closePage: 5,
  crash: 2,
  kill: 2,
  stored: 9,
  flush: 4,
  identify: 4,
  reset: 2,
  setConsent: 3,
  erase: 0.7,
  closeTracker: 1.5,
  setHidden: 5,
  setOffline: 4,
  beginFault: 2,
  line: 14,
  wait: 8,
}

interface Window {
  slot: number
  /** The addresses that it has shown, the present one last. */
  history: PlannedPage[]
  isOffline: boolean
  isHidden: boolean
}

/**
 * The steps of a round, from its seed and what the engine can do alone: what happens in the browser does not sway them,
 * so that a seed repeats its steps, though not their milliseconds.
 */
export function planRound(engine: EngineName, seed: number, round: number, actions: number): Action[] {
  const random = seeded(seed + round * 7919)
  const plan: Action[] = []
  let windows: Window[] = []
  let slots = 0
  let lives = 0
  let made = 0
  let isWell = true

  const upTo = (most: number) => 1 + Math.floor(random() * most)
  function oneOf<Choice>(choices: readonly Choice[]): Choice {
    const choice = choices[Math.floor(random() * choices.length)]
    if (choice === undefined) throw new Error('nothing to choose from')
    return choice
  }

  function page(): PlannedPage {
    return {
      life: lives++,
      fault: random() < 0.25 ? oneOf(Object.keys(STORAGE_FAULTS) as StorageFault[]) : undefined,
      consent: random() < 0.05 ? 'pending' : 'granted',
      intervalMs: oneOf([50, 300, 1000]),
      maxEvents: random() < 0.06 ? 40 : undefined,
      isHolding: random() < 0.06,
    }
  }

  function events(): PlannedEvent[] {
    const count = random() < 0.06 ? 20 + upTo(60) : upTo(10)
    return Array.from({ length: count }, () => {
      const die = random()
      const kind = die < 0.02 ? 'deep' : die < 0.04 ? 'badKey' : die < 0.05 ? 'tooLarge' : die < 0.12 ? 'wide' : 'plain'
      return { uuid: `t${seed.toString(36)}-${round}-${made++}`, kind }
    })
  }

  const canCrash = engine === 'chromium'
  const canKill = engine !== 'webkit'

  function isPossible(name: Action['do']): boolean {
    if (name === 'open') return windows.length < MAX_WINDOWS
    if (name === 'line' || name === 'wait') return true
    if (name === 'kill') return canKill && plan.length > 3
    if (name === 'back') return windows.some(({ history }) => history.length > 1)
    const isHere = (name !== 'crash' || canCrash) && (name !== 'setOffline' || canKill)
    return isHere && windows.length > 0
  }

  function draw(): Action['do'] {
    const names = (Object.keys(WEIGHTS) as Action['do'][]).filter(isPossible)
    let rest = random() * names.reduce((sum, name) => sum + WEIGHTS[name], 0)
    return names.find((name) => (rest -= WEIGHTS[name]) < 0) ?? 'wait'
  }

  function inWindow(name: Slotted): Action {
    const window = oneOf(name === 'back' ? windows.filter(({ history }) => history.length > 1) : windows)
    const { slot, history } = window
    const end = () => void (windows = windows.filter((other) => other !== window))
    function go(): PlannedPage {
      const next = page()
      history.push(next)
      Object.assign(window, { isOffline: false, isHidden: false })
      return next
    }
    switch (name) {
      case 'track':
        return { do: name, slot, events: events() }
      case 'navigate':
        return { do: name, slot, page: go() }
      case 'trackAndGo':
      case 'trackInPagehideAndGo':
        return { do: name, slot, events: events(), page: go() }
      case 'back':
        history.pop()
        Object.assign(window, { isOffline: false, isHidden: false })
        return { do: name, slot }
      case 'closePage':
      case 'crash':
        end()
        return { do: name, slot }
      case 'identify':
        return { do: name, slot, openid: `o-${upTo(3)}` }
      case 'setConsent':
        return { do: name, slot, consent: oneOf(['granted', 'granted', 'granted', 'pending', 'denied']) }
      case 'setHidden':
        window.isHidden = !window.isHidden
        return { do: name, slot, is: window.isHidden }
      case 'setOffline':
        window.isOffline = !window.isOffline
        return { do: name, slot, is: window.isOffline }
      case 'stored':
      case 'flush':
      case 'reset':
      case 'erase':
      case 'closeTracker':
      case 'beginFault':
        return { do: name, slot }
    }
  }

  function next(): Action {
    const name = windows.length === 0 ? 'open' : draw()
    if (name === 'open') {
      const opened = page()
      windows.push({ slot: slots, history: [opened], isOffline: false, isHidden: false })
      return { do: name, slot: slots++, page: opened }
    }
    if (name === 'line') {
      isWell = !isWell || random() < 0.3
      return { do: name, state: isWell ? 'well' : oneOf(LINE_FAULTS) }
    }
    if (name === 'wait') return { do: name, ms: Math.floor(random() ** 2 * 1500) }
    if (name === 'kill') {
      const [window] = windows
      windows = []
      return window && random() < 0.5 ? { do: name, slot: window.slot, events: events() } : { do: name, events: [] }
    }
    return inWindow(name)
  }

  while (plan.length < actions) plan.push(next())
  return plan
}

/** On one line, for the reader of a violation. */
export function inWords(action: Action): string {
  const { do: name, ...rest } = action
  const short = Object.entries(rest).map(([key, value]) => {
    if (key !== 'events') return `${key} ${JSON.stringify(value)}`
    const events = value as unknown as PlannedEvent[]
    const odd = events.filter(({ kind }) => kind !== 'plain').map(({ uuid, kind }) => `${uuid} ${kind}`)
    return [`${events[0]?.uuid} and ${events.length - 1} more`, ...odd].join(', ')
  })
  return [name, ...short].join(' · ')
}
