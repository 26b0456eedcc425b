import { isTimeOrdered, orderedExpiry, receiptExpiry } from './dedupe-class.ts'
import { leaseBook, type LeasedItem } from './lease-book.ts'
import type { EventQueue, QueueEntry } from './ports.ts'

interface Item extends LeasedItem {
  json: string
  at: number
}

interface Lane {
  ready: Item[]
  events: number
  bytes: number
}

/** Takes the first events that keep to the limits; at least one. */
function takeReady(ready: Item[], max: { events: number; bytes: number }): Item[] {
  let count = 0
  let bytes = 0
  for (const item of ready.slice(0, max.events)) {
    if (count > 0 && bytes + item.bytes > max.bytes) break
    bytes += item.bytes
    count++
  }
  return ready.splice(0, count)
}

/** The queue in memory alone: for tests and for trying things out. Nothing of it survives the process. */
export function memoryQueue({ now = Date.now }: { now?: () => number } = {}): EventQueue {
  const lanes = new Map<string, Lane>()
  /** By source, then uuid: when it was received. */
  const seen = new Map<string, Map<string, number>>()
  const book = leaseBook<Item>()
  let isClosed = false

  const laneOf = (name: string) => {
    const lane = lanes.get(name) ?? { ready: [], events: 0, bytes: 0 }
    lanes.set(name, lane)
    return lane
  }
  const isFresh = (source: string, { uuid }: QueueEntry, at: number) => {
    const uuids = seen.get(source) ?? new Map<string, number>()
    seen.set(source, uuids)
    const receivedAt = uuids.get(uuid)
    if (receivedAt !== undefined) {
      // As in the SQL queue: a time-ordered uuid is known until its own prefix is past.
      const isKnown = isTimeOrdered(uuid, receivedAt) ? uuid >= orderedExpiry(at) : receivedAt > receiptExpiry(at)
      if (isKnown) return false
    }
    uuids.set(uuid, at)
    return true
  }
  const open = () => (isClosed ? Promise.reject(new Error('the queue is closed')) : Promise.resolve())

  return {
    async enqueue(source, entries) {
      await open()
      const at = now()
      let fresh = 0
      for (const entry of entries) {
        if (!isFresh(source, entry, at)) continue
        const lane = laneOf(entry.lane)
        lane.ready.push({ lane: entry.lane, json: entry.json, bytes: entry.bytes, at, isSettled: false })
        lane.events++
        lane.bytes += entry.bytes
        fresh++
      }
      return { fresh, repeated: entries.length - fresh }
    },
    async lanes() {
      await open()
      return [...lanes].map(([name, lane]) => {
        const held = book.outstanding(name)
        const oldestReadyAt = lane.ready[0]?.at
        const returnedDueAt = book.nextDueAt(name)
        return {
          lane: name,
          events: lane.events,
          bytes: lane.bytes,
          ready: lane.events - held.events,
          readyBytes: lane.bytes - held.bytes,
          ...(oldestReadyAt === undefined ? {} : { oldestReadyAt }),
          ...(returnedDueAt === undefined ? {} : { returnedDueAt }),
        }
      })
    },
    async lease(name, max, forMs) {
      await open()
      const returned = book.takeDue(name, now())
      const items = returned?.items ?? takeReady(lanes.get(name)?.ready ?? [], max)
      if (items.length === 0) return undefined
      const id = book.open(name, items, now() + forMs, returned)
      return { id, lane: name, events: items.map(({ json }) => json), returns: returned ? returned.returns + 1 : 0 }
    },
    async settle(settlements) {
      await open()
      for (const { lane: name, bytes } of book.acked(settlements)) {
        const lane = laneOf(name)
        lane.events--
        lane.bytes -= bytes
      }
      book.apply(settlements, now())
    },
    close() {
      isClosed = true
      return Promise.resolve()
    },
  }
}
