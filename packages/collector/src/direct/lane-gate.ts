import type { Telemetry } from '../telemetry.ts'
import { breaker, type Breaker } from '../forward/breaker.ts'
import type { CredentialHalts } from '../forward/credential-halts.ts'
import type { Halt } from '../forward/halt.ts'
import { stops, type Stops } from '../forward/stops.ts'
import { evidence, type Evidence } from './evidence.ts'

/** What an isolate remembers of a lane between requests. */
export interface LaneGate {
  readonly evidence: Evidence
  readonly stops: Stops
  readonly fuse: Breaker
  /** A probe was delivered, and nothing since: events refused alone do not halt the lane again. */
  isSpared: boolean
  /**
   * Whether a request may call: freely, or as the one that tries whether the platform is well again, and what it probes
   * by that. Who may must `leave` at the end.
   */
  enter(credentials: string): Entrance
}

export type Entrance =
  | { isOpen: true; probed: Halt | undefined; leave(): void }
  /** For so long at the least; 0 where another request is trying. */
  | { isOpen: false; waitMs: number }

/** A trial that has not ended by then never will: some edges end a request in the midst, when its caller goes away. */
const TRIAL_MS = 60_000

/** What is being tried, and until when at the most. Lanes share it as they share halts of credentials. */
export type Trials = WeakMap<object, number>

export interface LaneGateOptions {
  lane: string
  credentials: CredentialHalts
  trials: Trials
  telemetry: Telemetry
  now: () => number
  random: () => number
}

export function laneGate(options: LaneGateOptions): LaneGate {
  const { trials, now, random } = options
  const halts = stops(options)
  const fuse = breaker(now, random)

  function tryOnce(tried: object, probed: Halt | undefined): Entrance {
    if ((trials.get(tried) ?? 0) > now()) return { isOpen: false, waitMs: 0 }
    trials.set(tried, now() + TRIAL_MS)
    return { isOpen: true, probed, leave: () => void trials.delete(tried) }
  }

  return {
    evidence: evidence(now),
    stops: halts,
    fuse,
    isSpared: false,
    enter(credentials) {
      const halted = halts.current(credentials)
      if (halted) {
        const waitMs = halted.nextAt - now()
        return waitMs > 0 ? { isOpen: false, waitMs } : tryOnce(halted, halted)
      }
      const waitMs = fuse.openUntil - now()
      if (waitMs > 0) return { isOpen: false, waitMs }
      if (fuse.isHalfOpen) return tryOnce(fuse, undefined)
      return { isOpen: true, probed: undefined, leave: () => {} }
    },
  }
}
