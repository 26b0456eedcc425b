import type { CollectorOptions } from '../collector-options.ts'
import { ProblemError } from '../problem.ts'
import type { DeadLetter, DeadLetters, DeadQuery } from '../queue/dead-letters.ts'
import { QueueFullError } from '../queue/ports.ts'
import { deadPages } from './dead-pages.ts'
import type { Selection } from './dead-requests.ts'

/** What an operator is asked to wait where the queue has no room for what is replayed. */
const FULL_RETRY_AFTER_MS = 60_000

/**
 * Does something to all letters that are meant, page by page and lane by lane, and logs it under `message` once;
 * gives how many there were.
 * @throws {ProblemError} 503 where the queue is full; what was done by then stays done, and is told.
 */
export type BulkAction = (
  selection: Selection,
  message: string,
  act: (lane: string, ids: number[]) => Promise<number>,
) => Promise<number>

export function bulkAction({
  dead,
  telemetry,
}: Pick<CollectorOptions, 'telemetry'> & { dead: DeadLetters }): BulkAction {
  async function* chosen({ ids = [], query }: Selection): AsyncGenerator<DeadLetter[]> {
    if (query) return yield* deadPages(dead, query)
    yield (await Promise.all(ids.map((id) => dead.get(id)))).filter((letter) => letter !== undefined)
  }

  return async (selection, message, act) => {
    let count = 0
    try {
      for await (const letters of chosen(selection)) {
        for (const [lane, some] of Map.groupBy(letters, ({ lane }) => lane)) {
          const ids = some.map(({ id }) => id)
          count += await act(lane, ids)
        }
      }
    } catch (error) {
      if (!(error instanceof QueueFullError)) throw error
      throw new ProblemError(503, `${error.message}; ${count} were done before`, FULL_RETRY_AFTER_MS)
    } finally {
      const { ids, query = {} } = selection
      telemetry.log('info', message, {
        count,
        ...(ids ? { ids: ids.length } : { query: JSON.stringify(veiled(query)) }),
      })
    }
    return count
  }
}

/** A query without what it says of a person, which no log may hold. */
function veiled(query: DeadQuery): DeadQuery {
  return {
    ...query,
    ...(query.identity === undefined ? {} : { identity: '…' }),
    ...(query.text === undefined ? {} : { text: '…' }),
  }
}
