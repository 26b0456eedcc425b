import { fullJitter } from '@warren/protocol'

/**
 * Whether a lane may call at all, by how its last calls went.
 *
 * | state | leaves when | to |
 * |---|---|---|
 * | closed | 3 calls in a row get no usable answer, or one asks to wait (Retry-After) | open |
 * | open | its wait is over: full jitter from 1 s, cap 60 s, or the longer Retry-After | half-open |
 * | half-open | its one call is answered | closed |
 * | half-open | its one call is not | open |
 *
 * A lone reset on an idle socket opens nothing: the batch alone comes back, after its own wait.
 */
export interface Breaker {
  /** Until when no call may begin; in the past where one may. */
  readonly openUntil: number
  /** One call alone may be in flight: the last wait has ended, and nothing has been answered since. */
  readonly isHalfOpen: boolean
  /** A call that began at this instant was not taken. Gives how long its batch is to wait. */
  failed(startedAt: number, retryAfterMs?: number): number
  /** A call was answered. */
  succeeded(): void
}

/** Failures in a row that open it. */
const OPENS_AT = 3
const WAIT_BASE_MS = 1000
const WAIT_CAP_MS = 60_000

export function breaker(now: () => number, random: () => number): Breaker {
  let failures = 0
  let openUntil = 0
  let openedAt = -Infinity
  return {
    get openUntil() {
      return openUntil
    },
    get isHalfOpen() {
      return openedAt !== -Infinity
    },
    failed(startedAt, retryAfterMs = 0) {
      // One of several that were under way together: the first has said it all.
      if (startedAt < openedAt) return Math.max(0, openUntil - now(), retryAfterMs)
      const waitMs = Math.max(fullJitter(failures++, WAIT_BASE_MS, WAIT_CAP_MS, random), retryAfterMs)
      if (failures >= OPENS_AT || retryAfterMs > 0) {
        openUntil = now() + waitMs
        openedAt = now()
      }
      return waitMs
    },
    succeeded() {
      failures = 0
      openUntil = 0
      openedAt = -Infinity
    },
  }
}
