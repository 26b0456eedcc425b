import { groupCommit } from './group-commit.ts'
import { leaseBook } from './lease-book.ts'
import { toPacks } from './pack-codec.ts'
import type { EnqueueResult, EventQueue, QueueEntry, Settlement } from './ports.ts'
import { sqlDedupe } from './sql-dedupe.ts'
import type { SqlDriver } from './sql-driver.ts'
import { sqlPacks, type PackItem } from './sql-packs.ts'
import { migrate } from './sql-schema.ts'

export interface SqlQueueOptions {
  /** Milliseconds since 1970; for tests. */
  now?: () => number
  /** Runs a function once all that is ready now has had its turn. Default `setTimeout`; on Node `setImmediate`. */
  defer?: (run: () => void) => void
  /** Told how long each commit took, in milliseconds. */
  onCommit?: (ms: number) => void
}

type Job =
  | { kind: 'enqueue'; source: string; entries: readonly QueueEntry[] }
  | { kind: 'settle'; settlements: readonly Settlement[] }

/**
 * The queue on SQLite. One commit takes every request that waits: their uuids into the dedupe tables, their fresh
 * events into one pack a lane, and the settlements of calls that have ended; its answers leave after the sync.
 * @throws where the database was written by a newer Warren.
 */
export function sqlQueue(driver: SqlDriver, options: SqlQueueOptions = {}): EventQueue {
  const { now = Date.now, defer = (run) => setTimeout(run, 0), onCommit } = options
  migrate(driver)
  const dedupe = sqlDedupe(driver)
  const packs = sqlPacks(driver)
  const book = leaseBook<PackItem>()
  const commits = groupCommit<Job, EnqueueResult | undefined>(commit, defer)
  let isClosed = false

  function commit(jobs: Job[]): (EnqueueResult | undefined)[] {
    const at = now()
    const startedAt = performance.now()
    const fresh = new Map<string, QueueEntry[]>()
    const settlements = jobs.flatMap((job) => (job.kind === 'settle' ? job.settlements : []))
    let results: (EnqueueResult | undefined)[]
    try {
      results = driver.transaction(() => {
        const answers = jobs.map((job) => (job.kind === 'enqueue' ? enqueue(job, fresh, at) : undefined))
        packs.settle(book.acked(settlements))
        for (const [lane, entries] of fresh) packs.add(lane, toPacks(entries), at)
        dedupe.expire(at)
        return answers
      })
    } catch (error) {
      dedupe.forgetSources()
      packs.rolledBack()
      throw error
    }
    packs.committed()
    book.apply(settlements, at)
    onCommit?.(performance.now() - startedAt)
    return results
  }

  function enqueue(
    job: Extract<Job, { kind: 'enqueue' }>,
    fresh: Map<string, QueueEntry[]>,
    at: number,
  ): EnqueueResult {
    let count = 0
    for (const entry of job.entries) {
      if (!dedupe.remember(job.source, entry.uuid, at)) continue
      const lane = fresh.get(entry.lane)
      if (lane) lane.push(entry)
      else fresh.set(entry.lane, [entry])
      count++
    }
    // Something must be written for the commit to prove that it can be.
    if (job.entries.length === 0) driver.run(`UPDATE meta SET value = value + 1 WHERE key = 'probes'`)
    return { fresh: count, repeated: job.entries.length - count }
  }

  const open = () => {
    if (isClosed) throw new Error('the queue is closed')
  }

  return {
    async enqueue(source, entries) {
      open()
      return (await commits.add({ kind: 'enqueue', source, entries })) ?? { fresh: 0, repeated: 0 }
    },
    async lanes() {
      open()
      return packs.lanes().map(({ lane, events, bytes, oldestReadyAt }) => {
        const held = book.outstanding(lane)
        const returnedDueAt = book.nextDueAt(lane)
        return {
          lane,
          events,
          bytes,
          ready: events - held.events,
          readyBytes: bytes - held.bytes,
          ...(oldestReadyAt === undefined ? {} : { oldestReadyAt }),
          ...(returnedDueAt === undefined ? {} : { returnedDueAt }),
        }
      })
    },
    async lease(lane, max, forMs) {
      open()
      const returned = book.takeDue(lane, now())
      const taken = returned ?? packs.take(lane, max)
      if (taken.items.length === 0) return undefined
      const id = book.open(lane, taken.items, now() + forMs, returned)
      // Read once the lease is open: where the disk fails here, the lease's end brings the batch back.
      const events = 'lines' in taken ? taken.lines : packs.read(taken.items)
      return { id, lane, events, returns: returned ? returned.returns + 1 : 0 }
    },
    async settle(settlements) {
      open()
      // A batch that only comes back needs no disk: leases live in memory.
      if (settlements.every(({ verdict }) => verdict === 'retry')) return book.apply(settlements, now())
      await commits.add({ kind: 'settle', settlements })
    },
    async close() {
      if (isClosed) return
      commits.flush()
      isClosed = true
      driver.close()
    },
  }
}
