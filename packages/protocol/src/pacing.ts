import { MAX_RETRY_AFTER_MS } from './limits.ts'

/** How long to wait before asking again: shared by the tracker's sender and the collector's forwarder. */

/**
 * Full jitter: a random wait between 0 and base × 2^attempt, never over the cap.
 * Spreads a crowd that failed together better than any fixed schedule; `attempt` counts from 0.
 */
export function fullJitter(attempt: number, baseMs: number, capMs: number, random: () => number): number {
  return random() * Math.min(capMs, baseMs * 2 ** attempt)
}

/**
 * Reads a Retry-After header in both its forms, whole seconds or an HTTP date, as milliseconds from `now`.
 * Undefined for anything else (signs, exponents, two headers in one); never over {@link MAX_RETRY_AFTER_MS}.
 */
export function parseRetryAfter(header: string | null | undefined, now: number): number | undefined {
  if (!header) return undefined
  let waitMs: number
  if (/^\d+$/.test(header)) waitMs = Number(header) * 1000
  else if (/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$/.test(header)) waitMs = Date.parse(header) - now
  else return undefined
  // A date of the past, or one that no calendar has, asks for nothing.
  return waitMs >= 0 ? Math.min(waitMs, MAX_RETRY_AFTER_MS) : undefined
}
