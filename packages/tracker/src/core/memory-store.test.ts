import { memoryStore, type MemoryDevice } from './memory-store.ts'
import { testStore } from './store-conformance.ts'

const devices = new Map<string, MemoryDevice>()

testStore('memory', (name) => {
  const device = devices.get(name) ?? new Map<string, unknown>()
  devices.set(name, device)
  return memoryStore(device)
})
