import type { Notebook, Store } from './platform.ts'

/** Records that outlive the stores that speak for them: a test's device. */
export type MemoryDevice = Map<string, unknown>

/** A store in memory, for tests; two on one device are two pages of one origin. */
export function memoryStore(device: MemoryDevice = new Map()): Store {
  return {
    name: 'memory',
    write: async (records) => change(device, records),
    keys: async () => [...device.keys()].sort(),
    read: async (key) => copy(device.get(key)),
  }
}

/** A notebook in memory, for tests. */
export function memoryNotebook(device: MemoryDevice = new Map()): Notebook {
  return {
    name: 'localstorage',
    write(records) {
      change(device, records)
      return true
    },
    keys: () => [...device.keys()],
    read: (key) => copy(device.get(key)) ?? null,
  }
}

function change(device: MemoryDevice, records: [key: string, record?: unknown][]): void {
  for (const [key, record] of records) {
    if (record) device.set(key, copy(record))
    else device.delete(key)
  }
}

/** As a real store: what is read shares nothing with what was written. */
function copy(record: unknown): unknown {
  return record === undefined ? undefined : JSON.parse(JSON.stringify(record))
}
