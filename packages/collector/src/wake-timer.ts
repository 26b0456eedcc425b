/** Nobody sleeps longer: the clock may be set meanwhile, and a delay over 2^31 ms would end at once. */
const MAX_SLEEP_MS = 60_000

export interface WakeTimer {
  /** Calls `wake` at this instant, unless it is called earlier for another. */
  wakeAt(at: number): void
  stop(): void
}

/** One timer that keeps the earliest of all instants asked for. */
export function wakeTimer(wake: () => void): WakeTimer {
  let timer: ReturnType<typeof setTimeout> | undefined
  let timerAt = Infinity
  return {
    wakeAt(at) {
      if (at >= timerAt) return
      clearTimeout(timer)
      timerAt = at
      timer = setTimeout(
        () => {
          timerAt = Infinity
          wake()
        },
        Math.min(MAX_SLEEP_MS, Math.max(0, at - Date.now())),
      )
    },
    stop() {
      clearTimeout(timer)
      timerAt = -Infinity
    },
  }
}
