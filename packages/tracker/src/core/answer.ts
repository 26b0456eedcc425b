import type { WireAnswer } from '@warren/protocol/wire'
import type { QueuedEvent } from './chunk.ts'
import type { Outcome } from './platform.ts'

/** What an outcome means for the events that were sent. */
export type Verdict =
  /** The collector accounted for every event; those in `retry` it did not take this time. */
  | { kind: 'answered'; answer: WireAnswer; retryAfterMs: number | undefined }
  /** 413: the body is too large for something on the way. */
  | { kind: 'tooLarge' }
  /** A 4xx that says the same tomorrow, until someone changes a configuration. */
  | { kind: 'refused'; status: number }
  /** Another time, perhaps; the events may have arrived or not. Status 0: no answer. */
  | { kind: 'unavailable'; status: number; retryAfterMs: number | undefined }

/** 4xx that pass: time-out, too early, too many. */
const PASSING = [408, 425, 429]

export function judge(outcome: Outcome, events: QueuedEvent[]): Verdict {
  if (outcome.kind !== 'answer') return { kind: 'unavailable', status: 0, retryAfterMs: undefined }
  const { status, retryAfterMs, body } = outcome
  const answer = status === 200 && readAnswer(body, events)
  if (answer) return { kind: 'answered', answer, retryAfterMs }
  if (status === 413) return { kind: 'tooLarge' }
  // A 2xx or 3xx that accounts for nothing is a captive portal's, or a proxy's.
  return status >= 400 && status < 500 && !PASSING.includes(status)
    ? { kind: 'refused', status }
    : { kind: 'unavailable', status, retryAfterMs }
}

/** The answer in a body, if it accounts for exactly these events: only such a one may delete them. */
function readAnswer(body: string, events: QueuedEvent[]): WireAnswer | false {
  try {
    const answer = JSON.parse(body) as WireAnswer
    const { v, accepted, rejected, retry } = answer
    return (
      v === 1 &&
      accepted >= 0 &&
      accepted + rejected.length + retry.length === events.length &&
      rejected.every(({ index }) => events[index]) &&
      retry.every((uuid) => events.some((event) => event[0] === uuid)) &&
      answer
    )
  } catch {
    return false
  }
}
