import type { Tracker } from '../core/api.ts'
import { copyOf } from '../core/json.ts'
import { noHealth } from '../core/no-health.ts'

type AnyMethod = (...args: unknown[]) => unknown
type Name = keyof Tracker

/** Those that answer by a promise. */
const LATER: Name[] = ['stored', 'flush', 'close', 'erase']
const AT_ONCE: Name[] = ['track', 'identify', 'reset', 'register', 'unregister', 'setConsent', 'on']

/**
 * Takes calls until the tracker can be made, and repeats them then, in their order, with the time they had. What is
 * tracked meanwhile is in memory alone.
 */
export function waitingTracker(make: () => Tracker, whenReady: (begin: () => void) => void): Tracker {
  let tracker: Tracker | undefined
  let waiting = 0
  const early: (() => void)[] = []
  const api = {} as Record<Name, AnyMethod>

  for (const name of AT_ONCE) {
    api[name] = (...args) => {
      if (tracker) return (tracker[name] as AnyMethod)(...args)
      let end: unknown
      if (name === 'track') {
        waiting++
        args = [args[0], copied(args[1]), Object.assign({ time: Date.now() }, args[2])]
      }
      early.push(() => (end = (tracker as Tracker)[name as 'track'](...(args as [never]))))
      // For `on`: what ends the listening.
      return () => (end as AnyMethod)()
    }
  }
  for (const name of LATER) {
    api[name] = () =>
      tracker
        ? (tracker[name] as AnyMethod)()
        : new Promise((resolve, reject) => {
            early.push(() => void (tracker as Tracker)[name as 'stored']().then(resolve, reject))
          })
  }
  api.health = () => (tracker ? tracker.health() : Object.assign(noHealth(), { waiting }))

  whenReady(() => {
    tracker = make()
    early.splice(0).forEach((call) => call())
  })
  return api as unknown as Tracker
}

/** What has no copy is refused by the tracker in its own words. */
function copied(value: unknown): unknown {
  try {
    return value === undefined ? value : copyOf(value)
  } catch {
    return value
  }
}
