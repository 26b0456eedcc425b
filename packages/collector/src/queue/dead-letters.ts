import type { QueueEntry } from './ports.ts'

/**
 * Why an event is dead: the upstream refused it alone · its key is parked, and it went without a call · it alone was
 * over the upstream's size.
 */
export type DeadReason = 'refused' | 'key_refused' | 'too_large'

/** An event that the upstream would not have, kept whole with all that is known of its end. */
export interface DeadLetter {
  /** Grows with every burial. */
  id: number
  lane: string
  source: string
  uuid: string
  eventKey: string
  reason: DeadReason
  /** The upstream's code and words. */
  code: string
  words: string
  /** Calls that it was in; 0 where its key was parked. */
  attempts: number
  /** When it was taken into the queue, and when it was buried; milliseconds since 1970. */
  receivedAt: number
  diedAt: number
  json: string
}

/** All that is given must hold. */
export interface DeadQuery {
  lane?: string
  source?: string
  uuid?: string
  eventKey?: string
  reason?: DeadReason
  code?: string
  /** A value among the event's identities. */
  identity?: string
  /** A text somewhere in the event or in the upstream's words. */
  text?: string
  diedBefore?: number
}

/**
 * The events that were buried, beside the queue and in its store. Works in pieces of at most {@link MAX_DEAD_PAGE}, so
 * that no reader holds the store for long; whoever wants more goes from page to page.
 */
export interface DeadLetters {
  /** The newest first. `next` is where the page after this one begins; absent at the end. */
  list(query: DeadQuery, page?: { limit?: number; before?: number }): Promise<{ letters: DeadLetter[]; next?: number }>
  get(id: number): Promise<DeadLetter | undefined>
  /**
   * Puts letters back into the queue, ready, in one step with their removal here; an edit replaces lane and event and
   * keeps the uuid. Its uuid counts as received now, so that a late copy is still known. Gives how many there were.
   */
  revive(letters: readonly { id: number; edit?: Pick<QueueEntry, 'lane' | 'json' | 'bytes'> }[]): Promise<number>
  /** Removes letters for good. Gives how many there were. */
  discard(ids: readonly number[]): Promise<number>
  /** Dead letters a lane. Cheap: nothing is counted by reading. */
  totals(): Promise<{ lane: string; events: number; bytes: number }[]>
}

/** Letters in one page, and in one `revive` or `discard`. */
export const MAX_DEAD_PAGE = 500
