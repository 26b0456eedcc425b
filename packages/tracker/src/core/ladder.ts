import { isRecord, keyTime, type ChunkRecord } from './chunk.ts'
import type { Notebook, Store, StoreName } from './platform.ts'

/**
 * Where chunks lie on the device: two rungs, the upper one while it takes them.
 *
 * | upper rung  | lower rung | `rung()`     | a write goes                                                            |
 * |-------------|------------|--------------|-------------------------------------------------------------------------|
 * | takes       | –          | the upper's  | up, and takes along what lies below: from an exit, or from a bad time     |
 * | has refused | takes      | the lower's  | down; up again first where it is told to try                              |
 * | has refused | is full    | –            | nowhere: it rejects with what the upper one said                          |
 *
 * A removal that went down may be needed above: it is made up for, and until then the key is not told any more.
 */
export interface Ladder {
  /** The rung in use. */
  rung(): StoreName
  /** Puts records, and removes those without one. */
  write(records: Change[], isRetry?: boolean): Promise<void>
  /** Puts them below before it returns, in addition: the page may never run again. */
  rescue(records: Change[]): void
  /** All keys of chunks on both rungs, in ascending order. Those above are missing where it cannot be read. */
  keys(): Promise<string[]>
  /** What lies there; null where there is nothing any more. */
  read(key: string): Promise<unknown>
}

export type Change = [key: string, record?: ChunkRecord | undefined]

export function createLadder(upper: Store, lower: Notebook): Ladder {
  /** What the upper rung said last, unless it takes again. */
  let refusal: unknown
  /** What was removed while the upper rung refused, and may lie there. */
  const owed = new Set<string>()
  const keysBelow = () => lower.keys().filter(keyTime)

  return {
    rung: () => (refusal ? lower : upper).name,

    async write(records, isRetry) {
      if (!refusal || isRetry) {
        // Those that cannot be read stay where they are.
        const below = keysBelow().filter((key) => isRecord(lower.read(key)))
        const all = [
          ...below.map((key) => [key, lower.read(key)]),
          ...[...owed].map((key) => [key]),
          ...records,
        ] as Change[]
        if (!all.length) return
        try {
          await upper.write(all)
          refusal = undefined
          owed.clear()
          lower.write(all.map(([key]) => [key]))
          return
        } catch (cause) {
          refusal = cause || 'aborted'
        }
      }
      if (!lower.write(records)) throw refusal
      for (const [key, record] of records) if (!record) owed.add(key)
    },

    rescue: (records) => lower.write(records),

    async keys() {
      const below = keysBelow()
      const above = await upper.keys().catch((): string[] => [])
      return [...new Set([...above.filter((key) => keyTime(key) && !owed.has(key)), ...below])].sort()
    },

    async read(key) {
      const below = lower.read(key)
      return below || (await upper.read(key)) || below
    },
  }
}
