import { within } from './within.ts'

/** The calls for tokens that a shared source makes, counted, so that a request can pay for those it caused. */
export interface TokenCalls {
  /** For the source. */
  fetch: typeof globalThis.fetch
  /** Begun so far. */
  readonly begun: number
  /**
   * Resolves when those have ended that began after so many had begun, or after a time: on some edges what a request
   * leaves under way dies with its answer, and so would a token that is fetched behind the callers' backs.
   */
  ended(since: number): Promise<void>
}

/** A token call's own time-out is 10 s. */
const LONGEST_MS = 11_000

export function tokenCalls(send: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init)): TokenCalls {
  const underWay = new Map<number, Promise<unknown>>()
  let begun = 0
  return {
    fetch(input, init) {
      const call = begun++
      const answer = send(input, init)
      const end = () => void underWay.delete(call)
      underWay.set(call, answer.then(end, end))
      return answer
    },
    get begun() {
      return begun
    },
    async ended(since) {
      const own = [...underWay].flatMap(([call, end]) => (call >= since ? [end] : []))
      if (own.length === 0) return
      // Whose request was ended in the midst may never end.
      await within(LONGEST_MS, () => Promise.all(own)).catch(() => undefined)
    },
  }
}
