import type { Compression } from './compression.ts'
import { deadFacts } from './dead-facts.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { Disk } from './disk.ts'
import { groupCommit } from './group-commit.ts'
import { leaseBook } from './lease-book.ts'
import { QueueFullError, type EventQueue } from './ports.ts'
import { packCodec, UNREADABLE } from './pack-codec.ts'
import { PROBED_EVENTS } from './probed-events.ts'
import type { QueueLimits } from './queue-limits.ts'
import { sqlCommit, type SqlJob, type SqlStore } from './sql-commit.ts'
import { sqlDead } from './sql-dead.ts'
import { sqlDeadLetters } from './sql-dead-letters.ts'
import { sqlDedupe } from './sql-dedupe.ts'
import type { SqlDriver } from './sql-driver.ts'
import type { SqlEntry } from './sql-entry.ts'
import { sqlLanes } from './sql-lanes.ts'
import { sqlPacks, type PackItem } from './sql-packs.ts'
import { migrate } from './sql-schema.ts'

export interface SqlQueueOptions {
  /** Milliseconds since 1970; for tests. */
  now?: () => number
  /** Runs a function once all that is ready now has had its turn. Default `setTimeout`; on Node `setImmediate`. */
  defer?: (run: () => void) => void
  /** Told how long each commit took, in milliseconds. */
  onCommit?: (ms: number) => void
  /** What may wait; see {@link DEFAULT_LIMITS}. A queue that holds more already opens, and takes nothing new. */
  limits?: Partial<QueueLimits>
  /** How packs are made smaller; without it they are kept as text. */
  compression?: Compression
  /**
   * This database can hold no compressed packs, because all that ever opens it is of a runtime that makes none: a start
   * does not look through the backlog for one. Default: it may, and where there is no compression a start looks.
   */
  isNeverCompressed?: boolean
  /** The disk under the database; without one a full disk is a commit that fails. */
  disk?: Disk
}

/**
 * Ours: a day of some 230 events a second, twice the backlog that the collector is measured with, and at the usual
 * half-kilobyte an event about what the bytes say. Either bound is there to be reached before the disk is.
 */
const DEFAULT_LIMITS: QueueLimits = { events: 20_000_000, bytes: 16 * 1024 ** 3 }

/** The queue and its dead letters; it takes lines in UTF-8 too. */
export type SqlQueue = EventQueue & {
  enqueue(source: string, entries: readonly SqlEntry[]): ReturnType<EventQueue['enqueue']>
  dead: DeadLetters
}

/**
 * The queue on SQLite. One commit takes every request that waits: their uuids into the dedupe tables, their fresh
 * events into one pack a lane and source, and the settlements of calls that have ended; its answers leave after the
 * sync.
 * @throws where the database was written by a newer Warren, or holds what this runtime cannot decompress.
 */
export function sqlQueue(driver: SqlDriver, options: SqlQueueOptions = {}): SqlQueue {
  const {
    now = Date.now,
    defer = (run) => setTimeout(run, 0),
    onCommit,
    compression,
    isNeverCompressed,
    disk,
  } = options
  migrate(driver)
  const codec = packCodec(compression)
  if (!compression && !isNeverCompressed) refuseCompressed(driver)
  const packs = sqlPacks(driver, codec)
  const lanes = sqlLanes(driver, packs.nextPack)
  const book = leaseBook<PackItem>()
  const store: SqlStore = { driver, dedupe: sqlDedupe(driver), lanes, packs, codec, dead: sqlDead(driver), book }
  const commit = sqlCommit(store, { ...DEFAULT_LIMITS, ...options.limits }, disk)
  const commits = groupCommit<SqlJob>((jobs) => {
    const startedAt = performance.now()
    const refusals = commit(jobs, now())
    onCommit?.(performance.now() - startedAt)
    return refusals
  }, defer)
  let isClosed = false

  const open = () => {
    if (isClosed) throw new Error('the queue is closed')
  }
  const checkDisk = () => {
    const words = disk?.shortOf()
    if (words !== undefined) throw new QueueFullError(words)
  }

  /** The ready events of a lane from the newest on, then those that have come back. */
  function* candidates(name: string): Iterable<{ item: PackItem; line: string; isBack: boolean }> {
    const lane = lanes.find(name)
    if (!lane) return
    for (const one of packs.newest(lane)) yield { ...one, isBack: false }
    const read = packs.reader()
    for (const item of book.returned(name, now(), PROBED_EVENTS)) yield { item, line: read(item).json, isBack: true }
  }

  return {
    async enqueue(source, entries: readonly SqlEntry[]) {
      open()
      checkDisk()
      const job = { kind: 'enqueue' as const, source, entries, result: { fresh: 0, repeated: 0 } }
      await commits.add(job)
      return job.result
    },
    async lanes() {
      open()
      return lanes.all().map((lane) => {
        const { name, events, bytes, note } = lane
        const out = book.outstanding(name)
        const oldestReadyAt = packs.oldestReadyAt(lane)
        const returnedDueAt = book.nextDueAt(name)
        return {
          lane: name,
          events,
          bytes,
          ready: events - out.events,
          readyBytes: bytes - out.bytes,
          ...(oldestReadyAt === undefined ? {} : { oldestReadyAt }),
          ...(returnedDueAt === undefined ? {} : { returnedDueAt }),
          ...(note === null ? {} : { note }),
        }
      })
    },
    async lease(name, max, forMs) {
      open()
      const lane = lanes.find(name)
      if (!lane) return undefined
      const returned = book.takeDue(name, now())
      const taken = returned ?? packs.take(lane, max)
      if (taken.items.length === 0) return undefined
      const id = book.open(name, taken.items, now() + forMs, returned)
      // Read once the lease is open: where the disk fails here, the lease's end brings the batch back.
      const read = packs.reader()
      const events = 'lines' in taken ? taken.lines : taken.items.map((item) => read(item).json)
      return { id, lane: name, events, returns: returned ? returned.returns + 1 : 0 }
    },
    async leaseProbe(name, unwantedKeys, forMs) {
      open()
      let chosen: { item: PackItem; line: string; isBack: boolean } | undefined
      let looked = 0
      for (const one of candidates(name)) {
        const isRight = !unwantedKeys.includes(deadFacts(one.line).eventKey)
        if (isRight || !chosen) chosen = one
        if (isRight || ++looked >= PROBED_EVENTS) break
      }
      if (!chosen) return undefined
      const { item, line, isBack } = chosen
      const from = isBack ? book.takeOne(item) : undefined
      if (!from) packs.takeEarly(item)
      const id = book.open(name, [item], now() + forMs, from)
      return { id, lane: name, events: [line], returns: from ? from.returns + 1 : 0 }
    },
    async settle(settlements, notes = new Map()) {
      open()
      // A batch that only comes back needs no disk: leases live in memory.
      const isInMemory = notes.size === 0 && settlements.every(({ verdict }) => verdict === 'retry')
      if (isInMemory) return book.apply(settlements, now())
      await commits.add({ kind: 'settle', settlements, notes })
    },
    async close() {
      if (isClosed) return
      commits.flush()
      isClosed = true
      driver.close()
    },
    dead: sqlDeadLetters({ store, add: commits.add, open, checkDisk, defer }),
  }
}

/** Looks at every pack's kind, which only runtimes without a compression need to, on files that others may have written. */
function refuseCompressed(driver: SqlDriver): void {
  if (driver.all(`SELECT 1 FROM packs WHERE typeof(body) = 'blob' LIMIT 1`).length > 0) throw new Error(UNREADABLE)
}
