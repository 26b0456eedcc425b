import { within } from '../within.ts'

/** What shared sources of tokens ask for, as far as a request must know of it. */
export interface TokenCalls {
  /** For the sources: counts, so that a request can pay for the calls that it caused. */
  fetch: typeof globalThis.fetch
  /** Begun so far. */
  readonly begun: number
  /** For the sources: told of work that goes on behind its callers' backs, such as a renewal ahead of the end. */
  share(work: Promise<unknown>): void
  /**
   * From now on. What it gives resolves when the work that began since has ended, or after a time: on some edges what a
   * request leaves under way dies with its answer, and all others would wait for it in vain.
   */
  watch(): () => Promise<void>
}

/** A token call's own time-out is 10 s. Milliseconds. */
const LONGEST_MS = 11_000

export function tokenCalls(send: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init)): TokenCalls {
  const works = new Map<number, Promise<unknown>>()
  let begun = 0
  let shared = 0
  return {
    fetch(input, init) {
      begun++
      return send(input, init)
    },
    get begun() {
      return begun
    },
    share(work) {
      const place = shared++
      const end = () => void works.delete(place)
      works.set(place, work.then(end, end))
    },
    watch() {
      const since = shared
      return async () => {
        const own = [...works].flatMap(([place, end]) => (place >= since ? [end] : []))
        // That of a request that was ended in the midst may never end.
        if (own.length > 0) await within(LONGEST_MS, () => Promise.all(own)).catch(() => undefined)
      }
    },
  }
}
