import { textBytes } from '@warren/protocol/text-bytes'
import { deadFacts } from './dead-facts.ts'
import type { DeadLetters } from './dead-letters.ts'
import { checkDeadPage } from './dead-page.ts'
import { leaseBook, type LeasedItem } from './lease-book.ts'
import { memoryDead } from './memory-dead.ts'
import { memorySeen } from './memory-seen.ts'
import type { EventQueue, Lease, QueueEntry } from './ports.ts'
import { PROBED_EVENTS } from './probed-events.ts'
import { amountOf, checkRoom, type QueueLimits } from './queue-limits.ts'

interface Item extends LeasedItem {
  json: string
  source: string
  at: number
}

interface Lane {
  ready: Item[]
  events: number
  bytes: number
  note?: string
}

export interface MemoryQueueOptions {
  /** Milliseconds since 1970; for tests. */
  now?: () => number
  /** Default 100,000 events and 256 MiB: what a small machine can hold beside the collector. */
  limits?: Partial<QueueLimits>
}

const DEFAULT_LIMITS: QueueLimits = { events: 100_000, bytes: 256 * 1024 * 1024 }

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
export function memoryQueue(options: MemoryQueueOptions = {}): EventQueue & { dead: DeadLetters } {
  const { now = Date.now } = options
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const lanes = new Map<string, Lane>()
  const seen = memorySeen()
  const dead = memoryDead(textBytes)
  const book = leaseBook<Item>()
  const held = { events: 0, bytes: 0 }
  let isClosed = false

  const laneOf = (name: string) => {
    const lane = lanes.get(name) ?? { ready: [], events: 0, bytes: 0 }
    lanes.set(name, lane)
    return lane
  }
  const count = (name: string, events: number, bytes: number) => {
    for (const sum of [laneOf(name), held]) {
      sum.events += events
      sum.bytes += bytes
    }
  }
  const push = (source: string, { lane, json, bytes }: Omit<QueueEntry, 'uuid'>, at: number) => {
    count(lane, 1, bytes)
    laneOf(lane).ready.push({ lane, json, bytes, source, at, isSettled: false })
  }
  const open = () => (isClosed ? Promise.reject(new Error('the queue is closed')) : Promise.resolve())
  const hand = (lane: string, items: Item[], forMs: number, from?: ReturnType<typeof book.takeOne>): Lease => ({
    id: book.open(lane, items, now() + forMs, from),
    lane,
    events: items.map(({ json }) => json),
    returns: from ? from.returns + 1 : 0,
  })

  return {
    async enqueue(source, entries) {
      await open()
      const at = now()
      const fresh = new Map<string, QueueEntry>()
      for (const entry of entries) {
        if (!fresh.has(entry.uuid) && !seen.isKnown(source, entry.uuid, at)) fresh.set(entry.uuid, entry)
      }
      checkRoom(held, amountOf([...fresh.values()]), limits)
      for (const entry of fresh.values()) {
        seen.remember(source, entry.uuid, at)
        push(source, entry, at)
      }
      return { fresh: fresh.size, repeated: entries.length - fresh.size }
    },
    async lanes() {
      await open()
      return [...lanes].map(([name, { ready, events, bytes, note }]) => {
        const out = book.outstanding(name)
        const oldestReadyAt = ready[0]?.at
        const returnedDueAt = book.nextDueAt(name)
        return {
          lane: name,
          events,
          bytes,
          ready: events - out.events,
          readyBytes: bytes - out.bytes,
          ...(oldestReadyAt === undefined ? {} : { oldestReadyAt }),
          ...(returnedDueAt === undefined ? {} : { returnedDueAt }),
          ...(note === undefined ? {} : { note }),
        }
      })
    },
    async lease(name, max, forMs) {
      await open()
      const returned = book.takeDue(name, now())
      const items = returned?.items ?? takeReady(lanes.get(name)?.ready ?? [], max)
      return items.length === 0 ? undefined : hand(name, items, forMs, returned)
    },
    async leaseProbe(name, unwantedKeys, forMs) {
      await open()
      const ready = lanes.get(name)?.ready ?? []
      const newest = ready.slice(-PROBED_EVENTS).toReversed()
      const back = book.returned(name, now(), PROBED_EVENTS - newest.length)
      const all = [...newest, ...back]
      const item = all.find(({ json }) => !unwantedKeys.includes(deadFacts(json).eventKey)) ?? all[0]
      if (!item) return undefined
      const place = ready.lastIndexOf(item)
      if (place === -1) return hand(name, [item], forMs, book.takeOne(item))
      ready.splice(place, 1)
      return hand(name, [item], forMs)
    },
    async settle(settlements, notes) {
      await open()
      const at = now()
      for (const [{ lane, bytes, json, source, at: receivedAt }, ending] of book.ending(settlements)) {
        count(lane, -1, -bytes)
        if (ending.verdict === 'ack') continue
        const { uuid, eventKey } = deadFacts(json)
        const { reason, code, words, attempts } = ending
        dead.add({ lane, source, uuid, eventKey, reason, code, words, attempts, receivedAt, diedAt: at, json })
      }
      book.apply(settlements, at)
      for (const [name, note] of notes ?? []) laneOf(name).note = note
    },
    close() {
      isClosed = true
      return Promise.resolve()
    },
    dead: {
      async list(query, page) {
        await open()
        return dead.list(query, page)
      },
      async get(id) {
        await open()
        return dead.get(id)
      },
      async revive(wanted) {
        await open()
        checkDeadPage(wanted.length)
        const at = now()
        const edits = new Map(wanted.map(({ id, edit }) => [id, edit]))
        const letters = dead.find([...edits.keys()])
        const back = letters.map((letter) => {
          const { id, lane, json } = letter
          return { letter, entry: edits.get(id) ?? { lane, json, bytes: textBytes(json) } }
        })
        checkRoom(held, amountOf(back.map(({ entry }) => entry)), limits)
        for (const { letter, entry } of back) {
          seen.remember(letter.source, letter.uuid, at)
          push(letter.source, entry, at)
        }
        dead.remove(letters)
        return letters.length
      },
      async discard(ids) {
        await open()
        checkDeadPage(ids.length)
        const letters = dead.find(ids)
        dead.remove(letters)
        return letters.length
      },
      async totals() {
        await open()
        return dead.totals()
      },
    },
  }
}
