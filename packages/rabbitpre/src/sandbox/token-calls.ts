/** One call for a token, without what it brought. */
export interface TokenCallRecord {
  /** When it came. Milliseconds since 1970. */
  at: number
  /** From there to the end of its answer; null while it is under way. */
  ms: number | null
  /** A code of the platform's, or the name of a fault. */
  answer: string
  /** Calls under way at its arrival, itself among them. */
  inFlight: number
}

/** The sandbox's record of token calls: a caller that behaves has one in flight at most. */
export interface TokenCalls {
  begin(answer: string): { end(): void }
  seen(): { calls: TokenCallRecord[]; mostInFlight: number }
  clear(): void
}

export function tokenCalls(): TokenCalls {
  let calls: TokenCallRecord[] = []
  let inFlight = 0
  return {
    begin(answer) {
      const record: TokenCallRecord = { at: Date.now(), ms: null, answer, inFlight: ++inFlight }
      calls.push(record)
      return {
        end() {
          inFlight--
          record.ms = Date.now() - record.at
        },
      }
    },
    seen: () => ({ calls, mostInFlight: Math.max(0, ...calls.map(({ inFlight }) => inFlight)) }),
    clear: () => void (calls = []),
  }
}
