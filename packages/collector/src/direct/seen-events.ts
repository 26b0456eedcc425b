import { TRACKER_RETENTION_MS } from '@warren/protocol'
import type { Telemetry } from '../telemetry.ts'
import { STORE_TIMEOUT_MS, type EdgeStore } from './edge-store.ts'
import { sha256 } from './sha256.ts'
import { within } from '../within.ts'

/**
 * What the platform has taken, as far as it is remembered: at exit a tracker gives its events to a beacon and keeps them
 * too, and of the two copies one is to be forwarded. Best effort, for one isolate by itself, and for all that share a
 * store: what is forgotten is forwarded twice, under the same uuid. A store that fails costs no sender anything.
 */
export interface SeenEvents {
  /** Looks a batch's sender up. One read of the store, where there is one. */
  of(source: string, device: string | undefined): Promise<SenderSeen>
}

export interface SenderSeen {
  isKnown(uuid: string): boolean
  /** From now on these are known. One write to the store, where there is one and a device to keep them under. */
  remember(uuids: readonly string[]): Promise<void>
}

/** Uuids in an isolate's memory: some 15 MB of the 128 MB that isolates have. */
const MAX_IN_MEMORY = 100_000

/** Uuids of one device in a store: two of the largest batches. */
const MAX_OF_DEVICE = 1000

/** A copy comes back within a tracker's retention, or never; and a day. Seconds. */
const TTL_S = TRACKER_RETENTION_MS / 1000 + 24 * 60 * 60

export function seenEvents(telemetry: Telemetry, store?: EdgeStore): SeenEvents {
  const memory = new Set<string>()
  let isStoreFailing = false

  /** What a store gives in time; undefined where it fails, which is logged once until it works again. */
  async function ask<Result>(question: () => Promise<Result>): Promise<Result | undefined> {
    try {
      const result = await within(STORE_TIMEOUT_MS, question)
      isStoreFailing = false
      return result
    } catch (error) {
      if (!isStoreFailing) {
        telemetry.log('warn', 'the store fails; events may be forwarded twice', { error: String(error) })
      }
      isStoreFailing = true
      return undefined
    }
  }

  return {
    async of(source, device) {
      const nameOf = (uuid: string) => JSON.stringify([source, uuid])
      const key = store && device !== undefined ? await storeKey(source, device) : undefined
      const stored = store && key !== undefined ? readUuids(await ask(() => store.get(key))) : []
      const known = new Set(stored)
      return {
        isKnown: (uuid) => known.has(uuid) || memory.has(nameOf(uuid)),
        async remember(uuids) {
          for (const uuid of uuids) {
            memory.add(nameOf(uuid))
            const [oldest] = memory
            if (memory.size > MAX_IN_MEMORY && oldest !== undefined) memory.delete(oldest)
          }
          if (!store || key === undefined || uuids.length === 0) return
          const value = JSON.stringify([...stored, ...uuids].slice(-MAX_OF_DEVICE))
          await ask(() => store.put(key, value, { expirationTtl: TTL_S }))
        },
      }
    },
  }
}

/**
 * Short enough for any store (Workers KV: 512 bytes), of letters, digits and `_` alone (EdgeOne's KV), and it shows no
 * device to who looks at the store.
 */
async function storeKey(source: string, device: string): Promise<string> {
  return `warren_seen_${await sha256(JSON.stringify([source, device]))}`
}

function readUuids(value: string | null | undefined): string[] {
  try {
    const uuids: unknown = JSON.parse(value ?? '[]')
    return Array.isArray(uuids) ? uuids.filter((uuid) => typeof uuid === 'string') : []
  } catch {
    // Damaged, or somebody else's: the next write mends it.
    return []
  }
}
