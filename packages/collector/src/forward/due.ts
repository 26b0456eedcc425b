import { MAX_BATCH_EVENTS } from '@warren/protocol'
import type { LaneStatus } from '../queue/ports.ts'

/** How long a lone event waits for company. */
const MAX_WAIT_MS = 1000

/**
 * A call's events: 500 (the contract), and the bytes of their lines that leave a body of 1 MiB room for its envelope
 * and for what mapping adds to an event (6 bytes at the most). A call that no further event of 32 KiB fits into has
 * 0.96 MiB.
 */
export const MAX_CALL: { events: number; bytes: number } = { events: MAX_BATCH_EVENTS, bytes: 1_040_000 }

/** When a lane is next due, by what the queue says of it; undefined while there is nothing to do. */
export function dueAt(
  { ready, readyBytes, oldestReadyAt = 0, returnedDueAt = Infinity }: LaneStatus,
  now: number,
): number | undefined {
  if (ready >= MAX_CALL.events || readyBytes >= MAX_CALL.bytes) return 0
  // One of the future was taken under a clock that has been set back since: it has waited long enough.
  const readyAt = ready === 0 ? Infinity : oldestReadyAt > now ? 0 : oldestReadyAt + MAX_WAIT_MS
  const at = Math.min(readyAt, returnedDueAt)
  return at === Infinity ? undefined : at
}
