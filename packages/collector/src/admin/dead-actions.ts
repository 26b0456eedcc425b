import type { CollectorOptions } from '../collector-options.ts'
import type { DeadLetters } from '../queue/dead-letters.ts'
import type { DiscardCause } from '../telemetry.ts'

/** What is done to the dead letters of a lane, and counted; at most a page of them at once. Each gives how many there were. */
export interface DeadActions {
  /** Puts letters back into the queue and wakes the forwarder. @throws {QueueFullError} */
  replay(lane: string, letters: Parameters<DeadLetters['revive']>[0]): Promise<number>
  /** Removes letters for good. */
  discard(lane: string, ids: readonly number[], cause: DiscardCause): Promise<number>
}

export function deadActions({
  dead,
  telemetry,
  onEnqueued,
}: Pick<CollectorOptions, 'telemetry' | 'onEnqueued'> & { dead: DeadLetters }): DeadActions {
  return {
    async replay(lane, letters) {
      const count = await dead.revive(letters)
      if (count === 0) return 0
      telemetry.count('replayed', { lane }, count)
      onEnqueued?.()
      return count
    },
    async discard(lane, ids, cause) {
      const count = await dead.discard(ids)
      if (count > 0) telemetry.count('discarded', { lane, cause }, count)
      return count
    },
  }
}
