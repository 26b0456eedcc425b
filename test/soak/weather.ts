import type { Fault } from '@warren/rabbitpre/sandbox'

/** How the platform fares for a while: which of its calls go wrong, and in what way. */
export interface Weather {
  /** Of all calls, those that get a fault; the others are answered rightly, most of them late. */
  faultShare: number
  /** Calls that are never answered: only where the caller is killed, since it waits for half a minute. */
  hasHangs: boolean
}

/** From fair to foul. */
const FAULT_SHARES = [0, 0.1, 0.3, 0.6] as const

export function randomWeather(random: () => number, hasHangs: boolean): Weather {
  return { faultShare: oneOf<number>(random, FAULT_SHARES), hasHangs }
}

/** A right answer takes up to this long, so that a kill meets calls that wait for it. Milliseconds. */
const SLOWEST_MS = 300

/** Where nothing listens: a redirect there that is followed shows as a lost call. */
const NOWHERE = 'http://127.0.0.1:9/'

/** @param events of the call. */
type Pick = (random: () => number, events: number) => Fault

/** Whether the events are kept all the same. */
const store = (random: () => number) => random() < 0.5

function oneOf<Choice>(random: () => number, choices: readonly [Choice, ...Choice[]]): Choice {
  return choices[Math.floor(random() * choices.length)] ?? choices[0]
}

/** What one call is told, and what the lane then tries again, whole or by halves. */
const CALL_FAULTS: readonly [Pick, ...Pick[]] = [
  (random) => ({ kind: 'status', status: oneOf(random, [500, 502, 503, 504, 408, 425, 429]), store: store(random) }),
  (random) => ({ kind: 'status', status: 503, retryAfter: '1', store: store(random) }),
  (random) => ({ kind: 'status', status: oneOf(random, [400, 413, 422]), store: store(random) }),
  (random) => ({ kind: 'reset', store: store(random) }),
  (random) => ({ kind: 'truncated', store: store(random) }),
  (random) => ({ kind: 'html', store: store(random) }),
  (random, events) => ({ kind: 'limit', maxEvents: Math.floor(random() * events) }),
  (random) => ({ kind: 'refuse', store: store(random) }),
]

/** What halts a lane, or all of its credentials. A platform that does not look at the events keeps none. */
const HALTS: readonly [Pick, ...Pick[]] = [
  (random) => ({ kind: 'status', status: oneOf(random, [401, 403, 404]) }),
  () => ({ kind: 'redirect', location: NOWHERE }),
  (random) => ({ kind: 'refuse', code: oneOf(random, ['100100', '100200', '100300']) }),
]

/** Of the faults, so many halt: a halt lasts, and nothing else happens in it. */
const HALT_SHARE = 0.1

/** Of the faults, so many last until the caller is gone. */
const HANG_SHARE = 0.05

/** What the platform does with its next call, of so many events; undefined: it answers at once. */
export function nextFault(random: () => number, { faultShare, hasHangs }: Weather, events: number): Fault | undefined {
  if (random() < faultShare) {
    if (hasHangs && random() < HANG_SHARE) return { kind: 'hang', store: store(random) }
    return oneOf(random, random() < HALT_SHARE ? HALTS : CALL_FAULTS)(random, events)
  }
  if (random() < 0.15) return undefined
  const ms = Math.floor(random() * SLOWEST_MS)
  return { kind: 'slow', ms, store: store(random) ? 'before' : 'after' }
}
