import type { DeadLetters } from '../queue/dead-letters.ts'
import type { EventQueue } from '../queue/ports.ts'
import type { PackedBatches } from './batch-packing.ts'

/** What a queue elsewhere can be asked, beside `enqueue`: the two ports as one flat table, in values that can be sent. */
export function queueMethods(queue: EventQueue & { dead: DeadLetters }) {
  const { dead } = queue
  return {
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
  batches: PackedBatches
  calls: { [M in Method]: { id: number; method: M; args: Parameters<QueueMethods[M]> } }[Method][]
}

/** Back from it: what came of calls, in any order. */
export interface Answers {
  /** Of batches: the call's number, how many were fresh, how many repeated; one batch after the other. */
  kept: number[]
  answers: ({ id: number; value: unknown } | { id: number; error: unknown; isFull: boolean })[]
  /** How long the commits since the last answer took. */
  commitsMs: number[]
}
