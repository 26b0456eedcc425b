/** Why an event was not taken: the closed unions of our own codes. No zod here: a tracker may import this file. */

/** The `code` of an entry in an answer's `rejected`: the collector read the event and will never take it as it is. */
export const REJECTION_CODES = [
  /** A field is missing, of the wrong type, or out of its range; `path` names it. */
  'invalid',
  /** The event is over {@link MAX_EVENT_BYTES}. */
  'too_large',
  /** `args` is nested deeper than {@link MAX_ARGS_DEPTH}. */
  'too_deep',
  /** `args` has more than {@link MAX_ARGS} members. */
  'too_many_args',
  /** An integer beyond ±(2^53 − 1) would lose its last digits; send it as a string. */
  'unsafe_number',
  /** The source takes no event without an identity. */
  'identity_missing',
  /**
   * The platform refused it more than once, alone, while it took others. From collectors without a queue; one with a
   * queue keeps such an event itself.
   */
  'refused',
] as const
export type RejectionCode = (typeof REJECTION_CODES)[number]

/**
 * Why a tracker dropped an event before any collector saw it. Totals by reason travel in `writers[].dropped`.
 * Other trackers may have others: a collector accepts any reason.
 */
export const DROP_REASONS = [
  /** The event key is not a string of 1–64 characters without surrounding spaces. */
  'invalid_key',
  /** The arguments are not a plain object, or JSON cannot hold them. */
  'invalid_args',
  /** The event is over {@link MAX_EVENT_BYTES}, or was refused alone with 413. */
  'too_large',
  /** Tracked after `close()`. */
  'closed',
  /** The device holds as many events as it may. */
  'limit_events',
  /** The device holds as many bytes of events as it may. */
  'limit_bytes',
  /** Without an answer for {@link TRACKER_RETENTION_MS}. */
  'expired',
  /** The page's own `beforeSend` dropped it, or failed. */
  'before_send',
  /** The visitor has denied consent. */
  'no_consent',
  /** Waited for an answer when `erase()` was called, or consent denied. */
  'erased',
] as const
export type DropReason = (typeof DROP_REASONS)[number]
