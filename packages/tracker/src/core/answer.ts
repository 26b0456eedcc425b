import type { WireAnswer } from '@warren/protocol/wire'
import type { QueuedEvent } from './chunk.ts'

/** The answer in a body, if it accounts for exactly these events: only such a one may delete them. */
export function readAnswer(body: string, events: QueuedEvent[]): WireAnswer | undefined {
  try {
    const answer = JSON.parse(body) as WireAnswer
    const { v, accepted, rejected, retry } = answer
    const isWhole =
      v === 1 &&
      accepted + rejected.length + retry.length === events.length &&
      rejected.every(({ index }) => events[index]) &&
      retry.every((uuid) => events.some((event) => event[0] === uuid))
    return isWhole ? answer : undefined
  } catch {
    // A captive portal's page, or a proxy's.
    return undefined
  }
}
