import type { QueueLimits, sqlQueue } from '@warren/collector'
import { queueMethods as sentMethods } from '../../../packages/collector/dist/node/queue-methods.js'

/** What a queue in a Durable Object is asked in the tests: as a queue's thread is, in values that JSON can carry. */
export function queueMethods(queue: ReturnType<typeof sqlQueue>) {
  return {
    ...sentMethods(queue),
    enqueue: queue.enqueue,
    settle: (settlements: Parameters<typeof queue.settle>[0], notes: [lane: string, note: string][]) =>
      queue.settle(settlements, new Map(notes)),
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
