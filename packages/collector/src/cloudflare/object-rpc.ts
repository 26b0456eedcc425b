import type { Tally } from '../edge/tally.ts'
import type { LaneReport } from '../forward/forwarder.ts'
import type { DeadLetters } from '../queue/dead-letters.ts'
import type { EnqueueResult, QueueEntry } from '../queue/ports.ts'

/** What a Worker asks of a queue's object. Everything crosses as plain values; what is thrown has lost its class. */
export interface QueueRpc {
  /** Takes a batch's events, durably and deduped, and what the Worker has counted since it last told; fails with neither. */
  keep(source: string, entries: readonly QueueEntry[], counted: Tally): Promise<Kept>
  /** Records among how many objects the source is divided; gives what was recorded with its first use. */
  claim(shards: number): Promise<number>
  /** Commits nothing: tells whether it could. */
  probe(): Promise<void>
  /** Its lanes, and all that it has counted, gauges among it. */
  look(): Promise<{ lanes: LaneReport[]; tally: Tally }>
  deadList(...args: Parameters<DeadLetters['list']>): ReturnType<DeadLetters['list']>
  deadGet(id: number): ReturnType<DeadLetters['get']>
  deadRevive(letters: Parameters<DeadLetters['revive']>[0]): Promise<Revived>
  deadDiscard(ids: readonly number[]): Promise<number>
  deadTotals(): ReturnType<DeadLetters['totals']>
}

/** A queue that is full is no failure of the object's: its words cross as a value. */
export type Kept = ({ kind: 'kept' } & EnqueueResult) | { kind: 'full'; words: string }
export type Revived = { kind: 'revived'; count: number } | { kind: 'full'; words: string }

/** The objects of one class, by name: what is used of a `DurableObjectNamespace`. */
export interface ObjectNamespace<Stub> {
  idFromName(name: string): unknown
  get(id: unknown): Stub
}
