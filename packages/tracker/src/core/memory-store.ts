import type { Store } from './platform.ts'

/** Records that outlive the stores that speak for them: a test's device. */
export type MemoryDevice = Map<string, unknown>

/** A store in memory, for tests; two on one device are two pages of one origin. */
export function memoryStore(device: MemoryDevice = new Map()): Store {
  return {
    name: 'memory',
    async put(records) {
      for (const [key, record] of records) device.set(key, copy(record))
    },
    keys: async () => [...device.keys()].sort(),
    read: async (key) => copy(device.get(key)),
    async remove(keys) {
      for (const key of keys) device.delete(key)
    },
  }
}

/** As a real store: what is read shares nothing with what was written. */
function copy(record: unknown): unknown {
  return record === undefined ? undefined : JSON.parse(JSON.stringify(record))
}
