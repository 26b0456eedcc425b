/**
 * The limits of wire v1, shared by trackers and collectors. No zod here: a tracker may import this file.
 * Where a number is ours and not a vendor's, the line says what it protects.
 */

/** Events in one batch, and in one upstream call (Rabbitpre's `batchAdd`: at most 500 a call). */
export const MAX_BATCH_EVENTS = 500

/** Bytes of a request body as sent, compressed or not. Well under every edge's request limit. */
export const MAX_BODY_BYTES = 512 * 1024

/** Bytes of a body after inflation: a bomb ends here. */
export const MAX_INFLATED_BYTES = 2 * 1024 * 1024

/** Bytes of one event as JSON, in UTF-8. */
export const MAX_EVENT_BYTES = 32 * 1024

/** Levels of nesting in `args`; `args` itself is the first. */
export const MAX_ARGS_DEPTH = 8

/** Members of `args` itself; nested ones are bounded by the event's bytes. */
export const MAX_ARGS = 128

/** Characters (UTF-16 units) of an event key. */
export const MAX_EVENT_KEY_CHARS = 64

/** Characters of a uuid (Rabbitpre: "a unique random string of at most 36 characters"). */
export const MAX_UUID_CHARS = 36

/** Identities of one event (the platform's own forms take up to five). */
export const MAX_IDENTITIES = 5

/** Characters of one identity value, of `intid`, of a device and of a writer: longer ones are no ids. */
export const MAX_ID_CHARS = 256

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** How long trackers keep an undelivered event. */
export const TRACKER_RETENTION_MS: number = 7 * DAY_MS

/** How long a collector knows an accepted uuid, counted from receipt: a tracker's retention twice, and a day. */
export const DEDUPE_WINDOW_MS: number = 15 * DAY_MS

/** A uuid whose time prefix lies this far before receipt still counts as time-ordered: retention and a day. */
export const UUID_PAST_MS: number = 8 * DAY_MS

/** The same, after receipt: clocks that run ahead a little. */
export const UUID_FUTURE_MS: number = 5 * MINUTE_MS

/** A device clock off by no more than this is left alone, so that transit time never reorders events. */
export const CLOCK_TOLERANCE_MS: number = 5 * MINUTE_MS

/** The longest Retry-After that is obeyed; a wrong date must not silence anyone for a year. */
export const MAX_RETRY_AFTER_MS: number = 5 * MINUTE_MS
