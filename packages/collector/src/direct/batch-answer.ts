import { MAX_RETRY_AFTER_MS } from '@warren/protocol'
import type { RefusedEntry, SinkResult } from '../event-sink.ts'
import { ProblemError } from '../problem.ts'
import type { LaneEnd, Trouble } from './deliver-lane.ts'

/** What senders are asked to wait where the platform asks for nothing: so long, and up to as much again. */
const RETRY_AFTER_MS = 5000

/** Another request has the same events under way: mostly it will have ended by then. */
const UNDER_WAY_RETRY_MS = 2000

/** And for suspects alone at the most: new events of the same sender wait with them. */
const SUSPECTS_RETRY_MS = 10_000

export interface EndedBatch {
  uuids: readonly string[]
  ends: readonly LaneEnd[]
  /** The platform took it now, or before. */
  isTaken: (uuid: string) => boolean
  /** Some of them are under way in another request. */
  hasOthers: boolean
  random: () => number
}

/**
 * What a sender is told of its batch.
 * @throws {ProblemError} 503 where there was trouble and nothing is settled: the whole batch is to be sent again.
 */
export function batchAnswer({ uuids, ends, isTaken, hasOthers, random }: EndedBatch): SinkResult {
  const words = new Map(ends.flatMap((end) => end.refused.map(({ item, words: told }) => [item.event.uuid, told])))
  const refused: RefusedEntry[] = []
  const retry: string[] = []
  for (const [place, uuid] of uuids.entries()) {
    const told = words.get(uuid)
    if (told !== undefined) refused.push({ place, uuid, words: told })
    else if (!isTaken(uuid)) retry.push(uuid)
  }
  const fresh = ends.reduce((sum, { delivered }) => sum + delivered.length, 0)
  const accepted = uuids.length - retry.length - refused.length
  const result: SinkResult = {
    fresh,
    repeated: accepted - fresh,
    ...(refused.length > 0 ? { refused } : {}),
    ...(retry.length > 0 ? { retry } : {}),
  }
  if (retry.length === 0) return result

  const troubles = ends.flatMap(({ trouble }) => trouble ?? [])
  if (troubles.length > 0) {
    const isNothingSettled = retry.length === uuids.length
    // With something settled and nothing wrong, the next request goes on at once: the sender's own back-off is enough.
    if (!isNothingSettled && troubles.every(({ kind }) => kind === 'calls used up')) return result
    const waitMs = Math.min(MAX_RETRY_AFTER_MS, Math.max(...troubles.map((trouble) => patience(trouble, random))))
    if (!isNothingSettled) return { ...result, retryAfterMs: waitMs }
    throw new ProblemError(503, 'the platform does not take events now: keep them and try again', waitMs)
  }
  if (hasOthers) return { ...result, retryAfterMs: UNDER_WAY_RETRY_MS }
  const dueMs = Math.min(SUSPECTS_RETRY_MS, ...ends.flatMap(({ suspectsDueMs }) => suspectsDueMs ?? []))
  return { ...result, retryAfterMs: Math.max(RETRY_AFTER_MS, dueMs) * (1 + random() / 4) }
}

/** How long to wait for an end of trouble: as the platform says, else as is known here and for each sender another time. */
function patience({ kind, waitMs }: Trouble, random: () => number): number {
  if (kind === 'unwell' && waitMs !== undefined) return Math.max(1000, waitMs)
  return Math.max(RETRY_AFTER_MS, waitMs ?? 0) + RETRY_AFTER_MS * random()
}
