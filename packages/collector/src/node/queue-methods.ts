import type { QueueEntry } from '../queue/ports.ts'
import type { SqlEntry } from '../queue/sql-entry.ts'
import type { SqliteQueue } from './sqlite-queue.ts'

/**
 * What a queue's thread can be asked, and how that is written: the two ports as one flat table, all of it in values
 * that can be sent between threads.
 */
export function queueMethods(queue: SqliteQueue) {
  const { dead } = queue
  return {
    enqueue: (source: string, entries: PackedEntries) => queue.enqueue(source, unpack(entries)),
    lanes: queue.lanes,
    lease: queue.lease,
    leaseProbe: queue.leaseProbe,
    settle: queue.settle,
    close: queue.close,
    deadList: dead.list,
    deadGet: dead.get,
    deadRevive: dead.revive,
    deadDiscard: dead.discard,
    deadTotals: dead.totals,
  }
}
export type QueueMethods = ReturnType<typeof queueMethods>
export type Method = keyof QueueMethods

/** From the collector to the queue's thread: what was asked since the last, and the collector's clock. */
export interface Calls {
  now: number
  calls: { [M in Method]: { id: number; method: M; args: Parameters<QueueMethods[M]> } }[Method][]
}

/** Back from it: what came of calls, in any order, and how long the commits since the last answer took. */
export interface Answers {
  answers: ({ id: number; value: unknown } | { id: number; error: unknown; isFull: boolean })[]
  commitsMs: number[]
}

/**
 * Entries as they cross: member by member, and their lines in one piece of UTF-8, which is handed over and not copied,
 * and which the database takes as it is. As objects with texts they took three times as long (measured).
 */
export interface PackedEntries {
  uuids: string[]
  /** One for all where all are of one lane, else one each. */
  lanes: string[]
  lines: Uint8Array<ArrayBuffer>
  /** Of each line, without its line break. */
  bytes: number[]
}

const encoder = new TextEncoder()

export function pack(entries: readonly QueueEntry[]): PackedEntries {
  const first = entries[0]?.lane
  const isOneLane = entries.every(({ lane }) => lane === first)
  return {
    uuids: entries.map(({ uuid }) => uuid),
    lanes: isOneLane ? entries.slice(0, 1).map(({ lane }) => lane) : entries.map(({ lane }) => lane),
    lines: encoder.encode(entries.map(({ json }) => json).join('\n')),
    bytes: entries.map(({ bytes }) => bytes),
  }
}

function unpack({ uuids, lanes, lines, bytes }: PackedEntries): SqlEntry[] {
  const [first = ''] = lanes
  let at = 0
  return uuids.map((uuid, n) => {
    const size = bytes[n] ?? 0
    const json = lines.subarray(at, at + size)
    at += size + 1
    return { uuid, lane: lanes[n] ?? first, json, bytes: size }
  })
}
