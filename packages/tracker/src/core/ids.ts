import { SORTED_ALPHABET, RANDOM_CHARS, encodeTime } from '@warren/protocol/time-id'
import { customRandom } from 'nanoid'

/** Random bytes fetched at once: one call of the system's generator costs as much as 100 ids out of a pool. */
const POOL_BYTES = 2048

export interface Ids {
  /** A random text of that many characters, 6 bits each. */
  random(chars: number): string
  /** A time-ordered uuid: 8 characters of time, 13 random ones. */
  uuid(now: number): string
}

/** Makes ids out of a pool of entropy, so that one costs a fraction of a microsecond. */
export function createIds(bytes: (count: number) => Uint8Array): Ids {
  let pool: Uint8Array = new Uint8Array(0)
  let used = 0
  const random = customRandom(SORTED_ALPHABET, RANDOM_CHARS, (count) => {
    if (used + count > pool.length) {
      pool = bytes(POOL_BYTES)
      used = 0
    }
    used += count
    return pool.subarray(used - count, used)
  })
  return {
    random,
    uuid: (now) => encodeTime(now) + random(),
  }
}
