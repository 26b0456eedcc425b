import { isTimeOrdered, orderedExpiry, receiptExpiry } from './dedupe-class.ts'

/** Uuids looked at for their age with each new one: more than come in, so that the memory shrinks. */
const LOOKED_AT_EACH = 2

/** The memory of "once" in memory: (source, uuid) with its receipt, for as long as the window is. */
export interface MemorySeen {
  isKnown(source: string, uuid: string, now: number): boolean
  /** From now on it is known, as received now. */
  remember(source: string, uuid: string, now: number): void
  /** Uuids in memory. */
  size(): number
}

export function memorySeen(): MemorySeen {
  /** By source and uuid: when it was received. The order of insertion is that of receipt. */
  const seen = new Map<string, { uuid: string; receivedAt: number }>()
  const keyOf = (source: string, uuid: string) => JSON.stringify([source, uuid])
  // As in the SQL queue: a time-ordered uuid is known until its own prefix is past.
  const isOut = ({ uuid, receivedAt }: { uuid: string; receivedAt: number }, now: number) =>
    isTimeOrdered(uuid, receivedAt) ? uuid < orderedExpiry(now) : receivedAt <= receiptExpiry(now)
  /** Goes round and round; a map can be changed while it is walked. */
  let walk = seen.entries()

  function forgetSome(now: number): void {
    for (let looked = 0; looked < LOOKED_AT_EACH; looked++) {
      const { value, done } = walk.next()
      if (done) {
        walk = seen.entries()
        return
      }
      if (isOut(value[1], now)) seen.delete(value[0])
    }
  }

  return {
    isKnown(source, uuid, now) {
      const known = seen.get(keyOf(source, uuid))
      return known !== undefined && !isOut(known, now)
    },
    remember(source, uuid, now) {
      const key = keyOf(source, uuid)
      seen.delete(key)
      seen.set(key, { uuid, receivedAt: now })
      forgetSome(now)
    },
    size: () => seen.size,
  }
}
