import { MAX_ID_CHARS } from '@warren/protocol'

/** The rules that fields of wire v1 share, as its schemas have them, for values as JSON gives them. */

/** Any object of JSON's, and no list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A text of 1 to {@link MAX_ID_CHARS} characters. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID_CHARS
}

/** A whole number that is not negative. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Whole milliseconds since 1970 that are a date. */
export function isInstant(value: unknown): value is number {
  return isCount(value) && value <= 8.64e15
}
