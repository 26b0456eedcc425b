import type { TallyTelemetry } from '../edge/tally.ts'
import type { EventSink } from '../event-sink.ts'
import { ProblemError } from '../problem.ts'
import { QueueFullError } from '../queue/ports.ts'
import type { Kept } from './object-rpc.ts'
import { remembered } from './remembered.ts'
import { shardOf, type SourceObject, type SourceObjects } from './source-objects.ts'

/** A person must change the configuration first. */
const SHARDS_RETRY_AFTER_MS = 60_000

/** Anyone may ask whether a Worker is ready, and each look wakes every object and writes a row in it. */
export const READY_FOR_MS = 5000

/**
 * Gives a batch to the object that holds its source's queue, and within a source with shards to the one of its device,
 * so that a retry meets its own dedupe. Asked for nothing, it asks every object whether it can commit.
 * @param counts what was counted here since it was last taken; it travels along.
 */
export function objectSink(
  objects: SourceObjects,
  counts: Pick<TallyTelemetry, 'take' | 'giveBack'>,
  now: () => number = Date.now,
): EventSink {
  /** Sources whose shards are known to be those of their first use. */
  const claimed = new Set<string>()

  /**
   * Each request asks by itself until one was answered: what a request waits for may be cut off with it, and who shared
   * that would wait for ever.
   */
  async function claim(source: string): Promise<void> {
    if (claimed.has(source)) return
    const shards = objects.shards(source)
    const first = await objects.at(source, 0).stub.claim(shards)
    if (first !== shards) {
      throw new ProblemError(
        503,
        `sources.${source}.shards: is ${shards}, and was ${first} with the source's first use: its events would miss ` +
          'their own dedupe; set it back, or give the source a new id',
        SHARDS_RETRY_AFTER_MS,
      )
    }
    claimed.add(source)
  }

  async function probe({ source, stub }: SourceObject): Promise<void> {
    await claim(source)
    await stub.probe()
  }

  const probeAll = remembered(READY_FOR_MS, () => Promise.all(objects.all().map(probe)), now)

  return {
    async enqueue(source, entries, { d }) {
      if (source === '') {
        await probeAll()
        return { fresh: 0, repeated: 0 }
      }
      if (entries.length === 0) return { fresh: 0, repeated: 0 }
      await claim(source)
      const { stub } = objects.at(source, shardOf(d, objects.shards(source)))
      const counted = counts.take()
      let kept: Kept
      try {
        kept = await stub.keep(source, entries, counted)
      } catch (error) {
        counts.giveBack(counted)
        throw error
      }
      if (kept.kind === 'full') throw new QueueFullError(kept.words)
      return { fresh: kept.fresh, repeated: kept.repeated }
    },
  }
}
