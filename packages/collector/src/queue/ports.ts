import type { DeadReason } from './dead-letters.ts'

/**
 * The collector's queue: durable, deduped, partitioned into lanes. It knows nothing of upstreams, tokens or wires.
 *
 * | an event is | leaves by | to |
 * |---|---|---|
 * | ready | lease | leased |
 * | leased | settle ack | gone |
 * | leased | settle bury | dead: see `DeadLetters` |
 * | leased | settle retry, or the lease's end | returned |
 * | returned | lease, once due; or leaseProbe, at any time | leased |
 * | dead | revive | ready |
 *
 * Leases and returns need not outlive the process: after a restart every event that was not acknowledged is ready.
 * Order is not promised. Events of one lease come back together, so that a repeated call has the same events.
 */
export interface EventQueue {
  /**
   * Takes the events whose (source, uuid) was not taken within the dedupe window, durably and in one step with
   * that memory; resolves after the sync. All or nothing: a rejection took none.
   * Without events it still commits, and so tells whether the queue can.
   * Rejects with {@link QueueFullError} where a bound of the queue's would be passed.
   */
  enqueue(source: string, entries: readonly QueueEntry[]): Promise<EnqueueResult>
  /** Every lane that was ever used. Cheap: nothing is counted by reading. */
  lanes(): Promise<LaneStatus[]>
  /**
   * Hands out the oldest events of a lane, or a returned batch that is due, for `forMs`; undefined where none is.
   * At least one event, else never more than `max` events or bytes.
   */
  lease(lane: string, max: { events: number; bytes: number }, forMs: number): Promise<Lease | undefined>
  /**
   * Hands out one event alone, for a look at how the upstream is: of the last few hundred that nobody has leased the
   * newest whose `eventKey` is not among `unwantedKeys`, else the newest; ready ones before returned ones, which need
   * not be due.
   */
  leaseProbe(lane: string, unwantedKeys: readonly string[], forMs: number): Promise<Lease | undefined>
  /**
   * Settles leased events, durably and all in one step, and keeps `notes` (a text a lane, replacing the one before) in
   * the same step. A lease that has ended meanwhile is settled all the same; a retry of a batch that has come back
   * already changes when it is due.
   */
  settle(settlements: readonly Settlement[], notes?: ReadonlyMap<string, string>): Promise<void>
  /** Commits what is in hand and closes. */
  close(): Promise<void>
}

export interface QueueEntry {
  uuid: string
  lane: string
  /** The event as one line of JSON: an object whose `uuid`, `eventKey` and `identity` dead letters are found by. */
  json: string
  /** Its bytes in UTF-8. */
  bytes: number
}

export interface EnqueueResult {
  fresh: number
  /** Known already, and acknowledged again. */
  repeated: number
}

export interface LaneStatus {
  lane: string
  /** Events that are not acknowledged, in whatever state. */
  events: number
  bytes: number
  /** Of these, the ready ones. */
  ready: number
  readyBytes: number
  /** When the oldest ready one was taken. */
  oldestReadyAt?: number
  /** When the next returned batch is due. */
  returnedDueAt?: number
  /** What `settle` was last given to note of this lane; it outlives the process. */
  note?: string
}

export interface Lease {
  id: number
  lane: string
  /** Lines of JSON, in the order of the lane. */
  events: string[]
  /** How often this batch came back. */
  returns: number
}

export type Settlement = {
  lease: number
  /**
   * Which of the lease's events, by their place in it. Default: all that are not settled, less those that another
   * settlement has sent back, before or in the same step.
   */
  places?: readonly number[]
} & (
  | { verdict: 'ack' }
  /** Come back together in `afterMs`. */
  | { verdict: 'retry'; afterMs: number }
  /** Become dead letters, one each. */
  | { verdict: 'bury'; reason: DeadReason; code: string; words: string; attempts: number }
)

/** A bound of the queue's would be passed: nothing was taken, and the sender keeps its events. */
export class QueueFullError extends Error {}
