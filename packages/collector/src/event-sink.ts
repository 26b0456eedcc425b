import type { EnqueueResult, QueueEntry } from './queue/ports.ts'

/**
 * Where a source's checked events go: a queue (an `EventQueue` is a sink as it stands), or straight to the platform.
 * What it takes is safe when this resolves: it may be acknowledged. A rejection took none.
 */
export interface EventSink {
  enqueue(source: string, entries: readonly QueueEntry[], sender: BatchSender): Promise<SinkResult>
}

/** What is known of who sends a batch, beside its source. */
export interface BatchSender {
  /** The first two characters of the device, as the address says; empty where it does not. */
  d: string
  /** The device; absent from servers that name none. */
  device?: string
}

/** What became of a batch. A queue takes all or nothing, and names none. */
export interface SinkResult extends EnqueueResult {
  /** The uuids of those that are not taken, and may be sent again as they are. */
  retry?: string[]
  /** When to send them again, in milliseconds. */
  retryAfterMs?: number
  /** Those that will never be taken as they are. */
  refused?: readonly RefusedEntry[]
}

export interface RefusedEntry {
  /** Among the entries of the batch. */
  place: number
  uuid: string
  /** The platform's own words: no token, no address. */
  words: string
}
