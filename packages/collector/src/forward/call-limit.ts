/**
 * Calls that a lane may have in flight at most, unless its runtime allows fewer: two thousand events on their way are
 * enough for any platform.
 */
export const MAX_CALLS_IN_FLIGHT = 4

/**
 * How many calls a lane may have in flight: one more after each round trip that used them all and went well, half
 * after trouble. Both at most once a round trip, however many calls tell the same: only a call that began after the
 * last change says anything about it. Begins at one.
 */
export interface CallLimit {
  readonly value: number
  /** A call that began at this instant was taken; `wasFull`: it began as the last one allowed. */
  succeeded(startedAt: number, wasFull: boolean): void
  /** A call that began at this instant was not taken: 429, 5xx, no answer. */
  failed(startedAt: number): void
  /** After a halt: begins at one again. */
  reset(): void
}

export function callLimit(now: () => number, most: number = MAX_CALLS_IN_FLIGHT): CallLimit {
  let value = 1
  let raisedAt = -Infinity
  let cutAt = -Infinity
  return {
    get value() {
      return value
    },
    succeeded(startedAt, wasFull) {
      if (!wasFull || startedAt < raisedAt || startedAt < cutAt || value >= most) return
      value++
      raisedAt = now()
    },
    failed(startedAt) {
      if (startedAt < cutAt) return
      value = Math.max(1, Math.floor(value / 2))
      cutAt = now()
    },
    reset() {
      value = 1
      cutAt = now()
    },
  }
}
