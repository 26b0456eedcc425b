import { textBytes } from '@warren/protocol/text-bytes'
import type { DeadLetters } from './dead-letters.ts'
import type { Disk } from './disk.ts'
import type { Ending } from './endings.ts'
import type { LeaseBook } from './lease-book.ts'
import type { PackCodec, SqlLine } from './pack-codec.ts'
import { QueueFullError, type EnqueueResult, type Settlement } from './ports.ts'
import { amountOf, checkRoom, passedBound, type Amount, type QueueLimits } from './queue-limits.ts'
import type { SqlDead } from './sql-dead.ts'
import type { SqlDedupe } from './sql-dedupe.ts'
import type { SqlDriver } from './sql-driver.ts'
import type { SqlEntry } from './sql-entry.ts'
import type { SqlLanes } from './sql-lanes.ts'
import type { PackItem, SqlPacks } from './sql-packs.ts'

/** What a commit can be asked for; the commit writes the answer into it. */
export type SqlJob =
  | { kind: 'enqueue'; source: string; entries: readonly SqlEntry[]; result: EnqueueResult }
  | { kind: 'settle'; settlements: readonly Settlement[]; notes: ReadonlyMap<string, string> }
  | { kind: 'revive'; letters: Parameters<DeadLetters['revive']>[0]; count: number }
  | { kind: 'discard'; ids: readonly number[]; count: number }

/** The parts of a queue's database. */
export interface SqlStore {
  driver: SqlDriver
  dedupe: SqlDedupe
  lanes: SqlLanes
  packs: SqlPacks
  codec: PackCodec
  dead: SqlDead
  book: LeaseBook<PackItem>
}

/** Jobs that make the queue smaller: these alone are done on a full disk. */
const isFreeing = ({ kind }: SqlJob): boolean => kind === 'settle' || kind === 'discard'

/**
 * Does jobs in one transaction, and gives in their order why one was refused while the others were not.
 * | where | then |
 * |---|---|
 * | a bound would be passed | this job is refused, the others are done |
 * | the disk is full | the reserve is given back, what makes the queue smaller is done again alone, the rest is refused |
 * | anything else fails | nothing is done, and it throws |
 */
export function sqlCommit(
  store: SqlStore,
  limits: QueueLimits,
  disk: Disk | undefined,
): (jobs: SqlJob[], at: number) => (Error | undefined)[] {
  const { driver, dedupe, lanes, packs, codec, dead, book } = store
  /** What the commit at hand brings, by source and lane: one pack each. */
  let fresh = new Map<string, Map<string, SqlLine[]>>()
  let taken: Amount = { events: 0, bytes: 0 }

  const held = (): Amount => {
    const { events, bytes } = lanes.totals()
    return { events: events + taken.events, bytes: bytes + taken.bytes }
  }

  function take(source: string, entry: Omit<SqlEntry, 'uuid'>): void {
    const byLane = fresh.get(source) ?? new Map<string, SqlLine[]>()
    fresh.set(source, byLane)
    const entries = byLane.get(entry.lane)
    if (entries) entries.push(entry)
    else byLane.set(entry.lane, [entry])
    taken.events++
    taken.bytes += entry.bytes
  }

  function enqueue(job: Extract<SqlJob, { kind: 'enqueue' }>, at: number): void {
    const { source, entries } = job
    if (passedBound(held(), amountOf(entries), limits) !== undefined) {
      // Near the bound it counts which of them are fresh: repeats are acknowledged in a full queue too.
      const unknown = new Map<string, SqlEntry>()
      for (const entry of entries) {
        if (!unknown.has(entry.uuid) && !dedupe.isKnown(source, entry.uuid, at)) unknown.set(entry.uuid, entry)
      }
      checkRoom(held(), amountOf([...unknown.values()]), limits)
    }
    let count = 0
    for (const entry of entries) {
      if (!dedupe.remember(source, entry.uuid, at)) continue
      take(source, entry)
      count++
    }
    // Something must be written for the commit to prove that it can be.
    if (entries.length === 0) driver.run(`UPDATE meta SET value = value + 1 WHERE key = 'probes'`)
    job.result = { fresh: count, repeated: entries.length - count }
  }

  function end(endings: ReadonlyMap<PackItem, Ending>, at: number): void {
    const read = packs.reader()
    const sums = new Map<string, { all: Amount; dead: Amount }>()
    for (const [item, ending] of endings) {
      const sum = sums.get(item.lane) ?? { all: { events: 0, bytes: 0 }, dead: { events: 0, bytes: 0 } }
      sums.set(item.lane, sum)
      for (const one of ending.verdict === 'bury' ? [sum.all, sum.dead] : [sum.all]) {
        one.events++
        one.bytes += item.bytes
      }
      if (ending.verdict === 'ack') continue
      const { json, source, at: receivedAt } = read(item)
      const { reason, code, words, attempts } = ending
      const origin = { lane: item.lane, source: dedupe.sourceName(source), receivedAt, json }
      dead.add({ ...origin, reason, code, words, attempts, diedAt: at })
    }
    packs.settle([...endings.keys()])
    for (const [name, sum] of sums) {
      lanes.change(lanes.use(name), -sum.all.events, -sum.all.bytes)
      if (sum.dead.events > 0) lanes.changeDead(name, sum.dead.events, sum.dead.bytes)
    }
  }

  function revive(job: Extract<SqlJob, { kind: 'revive' }>, at: number): void {
    const edits = new Map(job.letters.map(({ id, edit }) => [id, edit]))
    const letters = dead.find([...edits.keys()])
    const entries = letters.map(({ id, lane, json }) => edits.get(id) ?? { lane, json, bytes: textBytes(json) })
    checkRoom(held(), amountOf(entries), limits)
    letters.forEach(({ source, uuid }, index) => {
      dedupe.renew(source, uuid, at)
      const entry = entries[index]
      if (entry) take(source, entry)
    })
    job.count = remove(letters)
  }

  function remove(letters: ReturnType<SqlDead['find']>): number {
    dead.remove(letters)
    for (const { lane, json } of letters) lanes.changeDead(lane, -1, -textBytes(json))
    return letters.length
  }

  function does(job: SqlJob, at: number): void {
    switch (job.kind) {
      case 'enqueue':
        return enqueue(job, at)
      case 'revive':
        return revive(job, at)
      case 'discard':
        job.count = remove(dead.find(job.ids))
        return
      case 'settle':
        for (const [lane, note] of job.notes) lanes.note(lane, note)
    }
  }

  function attempt(jobs: SqlJob[], at: number): (Error | undefined)[] {
    fresh = new Map()
    taken = { events: 0, bytes: 0 }
    const settlements = jobs.flatMap((job) => (job.kind === 'settle' ? job.settlements : []))
    let refusals: (Error | undefined)[]
    try {
      refusals = driver.transaction(() => {
        // What leaves makes room for what comes.
        end(book.ending(settlements), at)
        const refused = jobs.map((job) => refusalOf(() => does(job, at)))
        for (const [source, byLane] of fresh) {
          for (const [name, entries] of byLane) {
            const lane = lanes.use(name)
            packs.add(lane, dedupe.sourceId(source), codec.toPacks(entries), at)
            const { events, bytes } = amountOf(entries)
            lanes.change(lane, events, bytes)
          }
        }
        dedupe.expire(at)
        return refused
      })
    } catch (error) {
      dedupe.forgetSources()
      lanes.rolledBack()
      packs.rolledBack()
      throw error
    }
    lanes.committed()
    packs.committed()
    book.apply(settlements, at)
    return refusals
  }

  return (jobs, at) => {
    try {
      return attempt(jobs, at)
    } catch (error) {
      if (!disk?.isFull(error)) throw error
      disk.giveBack()
      const freeing = jobs.filter(isFreeing)
      const failure = freeing.length > 0 ? failureOf(() => attempt(freeing, at)) : undefined
      const refusal = new QueueFullError('the disk is full', { cause: error })
      return jobs.map((job) => (isFreeing(job) ? failure : refusal))
    }
  }
}

/** What a job was refused for; other failures are the commit's. */
function refusalOf(run: () => void): QueueFullError | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (error instanceof QueueFullError) return error
    throw error
  }
}

function failureOf(run: () => unknown): Error | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}
