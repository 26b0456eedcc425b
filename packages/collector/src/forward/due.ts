import { MAX_BATCH_EVENTS } from '@warren/protocol'
import type { LaneStatus } from '../queue/ports.ts'

/** How long a lone event waits for company. */
export const MAX_WAIT_MS = 1000

/** A call's body at the most, unless its destination says another (the contract's assumption: 1 MiB). */
const MAX_CALL_BYTES = 1024 * 1024

/** What of a body is left to its envelope, and to what mapping adds to each event (6 bytes at the most). */
const CALL_OVERHEAD_BYTES = 8576

/** Events and the bytes of their lines. A call of 1 MiB that no further event of 32 KiB fits into has 0.96 MiB. */
export interface CallSize {
  events: number
  bytes: number
}

/** What a call takes of a lane, by what its destination says: 500 events (the contract) and 1 MiB unless it does. */
export function callSize({
  maxCallEvents = MAX_BATCH_EVENTS,
  maxCallBytes = MAX_CALL_BYTES,
}: { maxCallEvents?: number | undefined; maxCallBytes?: number | undefined } = {}): CallSize {
  return { events: maxCallEvents, bytes: maxCallBytes - CALL_OVERHEAD_BYTES }
}

export const MAX_CALL: CallSize = callSize()

/** When a lane is next due, by what the queue says of it; undefined while there is nothing to do. */
export function dueAt(
  { ready, readyBytes, oldestReadyAt = 0, returnedDueAt = Infinity }: LaneStatus,
  now: number,
  max: CallSize = MAX_CALL,
): number | undefined {
  if (ready >= max.events || readyBytes >= max.bytes) return 0
  // One of the future was taken under a clock that has been set back since: it has waited long enough.
  const readyAt = ready === 0 ? Infinity : oldestReadyAt > now ? 0 : oldestReadyAt + MAX_WAIT_MS
  const at = Math.min(readyAt, returnedDueAt)
  return at === Infinity ? undefined : at
}
