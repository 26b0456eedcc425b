/** Calls to the platform that one request may make: for its events and for a token together, resends among them. */
export const MAX_CALLS = 8

/** No call begins later than this after the request, and each may take so long: our tracker waits 30 s. Milliseconds. */
const LAST_CALL_AFTER_MS = 12_000
export const CALL_TIMEOUT_MS = 15_000

/** What one request may still ask of the platform. Everything that calls takes from it first. */
export interface RequestBudget {
  /** Calls that are left; none once it is late. */
  readonly left: number
  /** Something was denied: whatever failed since says nothing of the platform. */
  readonly isUsedUp: boolean
  /** Takes one call; false where there is none. */
  take(): boolean
  /** One was taken ahead, and so many were made. */
  settle(made: number): void
  /** Fetches where a call is left, else rejects. */
  fetch: typeof globalThis.fetch
}

export interface RequestBudgetOptions {
  /** Default {@link MAX_CALLS}. */
  calls?: number
  now?: () => number
  /** Default: the global one. */
  fetch?: typeof globalThis.fetch
}

export function requestBudget(options: RequestBudgetOptions = {}): RequestBudget {
  const { now = Date.now } = options
  const send = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  const lastAt = now() + LAST_CALL_AFTER_MS
  let calls = options.calls ?? MAX_CALLS
  let isUsedUp = false

  const left = () => (now() > lastAt ? 0 : Math.max(0, calls))
  function take(): boolean {
    if (left() === 0) {
      isUsedUp = true
      return false
    }
    calls--
    return true
  }

  return {
    get left() {
      return left()
    },
    get isUsedUp() {
      return isUsedUp
    },
    take,
    settle: (made) => void (calls += 1 - made),
    fetch: (input, init) =>
      take() ? send(input, init) : Promise.reject(new Error('the calls of this request are used up')),
  }
}
