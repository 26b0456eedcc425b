/** The first pause between two calls after a halt. */
const FIRST_GAP_MS = 1000

/** Each delivered call makes the pause this much shorter: from a second to nothing in 21 calls, some 5 s. */
const SHRINK = 0.8

/** A pause below this is none. */
const LAST_GAP_MS = 10

/** The pace after a halt: what has gathered in a week does not arrive at full speed. */
export interface Ramp {
  /** Before this instant no call may begin. */
  readonly nextAt: number
  start(): void
  called(): void
  delivered(): void
}

export function ramp(now: () => number): Ramp {
  let gapMs = 0
  let nextAt = 0
  return {
    get nextAt() {
      return nextAt
    },
    start() {
      gapMs = FIRST_GAP_MS
    },
    called() {
      if (gapMs > 0) nextAt = now() + gapMs
    },
    delivered() {
      gapMs = gapMs * SHRINK < LAST_GAP_MS ? 0 : gapMs * SHRINK
      if (gapMs === 0) nextAt = 0
    },
  }
}
