import type { QueueLimits, sqlQueue } from '@warren/collector'

/** What a queue in a Durable Object is asked in the tests: its ports as one flat table, in values that JSON can carry. */
export function queueMethods(queue: ReturnType<typeof sqlQueue>) {
  const { dead } = queue
  return {
    enqueue: queue.enqueue,
    lanes: queue.lanes,
    lease: queue.lease,
    leaseProbe: queue.leaseProbe,
    settle: (settlements: Parameters<typeof queue.settle>[0], notes: [lane: string, note: string][]) =>
      queue.settle(settlements, new Map(notes)),
    close: queue.close,
    deadList: dead.list,
    deadGet: dead.get,
    deadRevive: dead.revive,
    deadDiscard: dead.discard,
    deadTotals: dead.totals,
  }
}
export type QueueMethods = ReturnType<typeof queueMethods>
export type QueueMethod = keyof QueueMethods

/** To the object: what was asked in one turn of the test's event loop, and the test's clock. */
export interface QueueCalls {
  now: number
  /** Read where the object opens its queue. */
  limits: Partial<QueueLimits>
  calls: { method: QueueMethod; args: readonly unknown[] }[]
}

/** Back from it: what came of each call, in their order. */
export type QueueAnswers = ({ value?: unknown } | { error: string; isFull: boolean })[]
