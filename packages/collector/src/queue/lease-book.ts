import { dueHeap, type Due, type DueHeap } from './due-heap.ts'
import { endings, type Ending } from './endings.ts'
import type { Settlement } from './ports.ts'

/**
 * Who holds what: leases and returned batches, in memory. Every queue has one; it knows nothing of how events are
 * stored. An item that is out belongs to exactly one batch; an ack through a lease that has ended still settles it.
 */
export interface LeaseBook<Item extends LeasedItem> {
  /** Opens a lease over these items; `from` is what `takeDue` or `takeOne` gave, where they come from there. */
  open(lane: string, items: Item[], untilMs: number, from?: Returned<Item>): number
  /** Takes the returned batch that is due the longest; ended leases count as returned. */
  takeDue(lane: string, now: number): Returned<Item> | undefined
  /** The items of a lane that have come back and that nobody has leased, at most so many, the newest batch first. */
  returned(lane: string, now: number, max: number): Item[]
  /** Takes one of them out of its batch, which stays one without it. */
  takeOne(item: Item): Returned<Item>
  /** When the next returned batch of a lane is due, or the next lease ends. */
  nextDueAt(lane: string): number | undefined
  /** The items that these settlements would end, and how. Changes nothing: the store commits first. */
  ending(settlements: readonly Settlement[]): Map<Item, Ending>
  /** Carries the settlements out, once they are stored. */
  apply(settlements: readonly Settlement[], now: number): void
  /** Events and bytes of a lane that are leased or returned. */
  outstanding(lane: string): { events: number; bytes: number }
}

export interface LeasedItem {
  lane: string
  bytes: number
  isSettled: boolean
}

/** A batch that came back. */
export interface Returned<Item> {
  items: Item[]
  returns: number
  /** The leases it was held under before, the oldest first. */
  leases: Handed<Item>[]
}

interface Batch<Item> extends Due {
  /** Those that are not settled. */
  items: Set<Item>
  returns: number
  leases: Handed<Item>[]
  /** `untilMs` is when the lease ends, else when the returned batch is due. */
  isLeased: boolean
}

/** What a lease handed out, by place. Known for as long as a batch stands under it. */
interface Handed<Item> {
  id: number
  items: (Item | undefined)[]
  /** What it sent on a way of its own: its word on "all" means the others. */
  sentAway: Set<Item>
  batches: number
}

interface Lane<Item> {
  due: DueHeap<Batch<Item>>
  events: number
  bytes: number
}

/**
 * A batch remembers this many leases. A late ack comes from a call or two ago, while a batch may come back for days.
 */
const KNOWN_LEASES = 8

export function leaseBook<Item extends LeasedItem>(): LeaseBook<Item> {
  const known = new Map<number, Handed<Item>>()
  const batchOf = new Map<Item, Batch<Item>>()
  const lanes = new Map<string, Lane<Item>>()
  let nextLease = 1

  function laneOf(name: string): Lane<Item> {
    const lane = lanes.get(name) ?? { due: dueHeap(), events: 0, bytes: 0 }
    lanes.set(name, lane)
    return lane
  }

  /** Puts a batch on the books, under leases that it keeps known. */
  function enter(lane: Lane<Item>, batch: Batch<Item>): void {
    for (const item of batch.items) batchOf.set(item, batch)
    for (const lease of batch.leases) lease.batches++
    lane.due.push(batch)
  }

  /** Takes a batch off the books; a lease under which nothing stands any more is forgotten. */
  function leave(lane: Lane<Item>, batch: Batch<Item>): void {
    lane.due.remove(batch)
    for (const lease of batch.leases) {
      if (--lease.batches === 0) known.delete(lease.id)
      else dropSettled(lease)
    }
  }

  /** A lease that lives on for one event must not keep the others of its five hundred in memory. */
  function dropSettled(lease: Handed<Item>): void {
    lease.items = lease.items.map((item) => (item?.isSettled ? undefined : item))
    for (const item of lease.sentAway) if (item.isSettled) lease.sentAway.delete(item)
  }

  function takeOut(lane: Lane<Item>, item: Item): void {
    const batch = batchOf.get(item)
    batchOf.delete(item)
    lane.events--
    lane.bytes -= item.bytes
    if (batch?.items.delete(item) && batch.items.size === 0) leave(lane, batch)
  }

  /** The unsettled items that a settlement means. */
  function meant({ lease, places }: Settlement): Item[] {
    const handed = known.get(lease)
    if (!handed) return []
    const items = places ? places.map((place) => handed.items[place]) : handed.items
    return items.filter(
      (item): item is Item => item !== undefined && !item.isSettled && (!!places || !handed.sentAway.has(item)),
    )
  }

  /** Sends a lease's items back: whole batches as they are, and parts of one as a batch of their own. */
  function comeBack(settlement: Extract<Settlement, { verdict: 'retry' }>, now: number): void {
    const handed = known.get(settlement.lease)
    if (!handed) return
    const leaving = new Map<Batch<Item>, Set<Item>>()
    for (const item of meant(settlement)) {
      const batch = batchOf.get(item)
      // Handed out again under another lease: what this one says of it counts no more.
      if (!batch || batch.leases.at(-1) !== handed) continue
      const items = leaving.get(batch)
      if (items) items.add(item)
      else leaving.set(batch, new Set([item]))
    }
    for (const [batch, items] of leaving) {
      const [one] = items
      if (!one) continue
      const { due } = laneOf(one.lane)
      const untilMs = now + settlement.afterMs
      if (items.size === batch.items.size) {
        batch.untilMs = untilMs
        batch.isLeased = false
        due.moved(batch)
      } else {
        for (const item of items) {
          batch.items.delete(item)
          handed.sentAway.add(item)
        }
        enter(laneOf(one.lane), { ...batch, items, untilMs, isLeased: false })
      }
    }
  }

  return {
    open(name, items, untilMs, from) {
      const lane = laneOf(name)
      const handed: Handed<Item> = { id: nextLease++, items: [...items], sentAway: new Set(), batches: 0 }
      const leases = [...(from?.leases ?? []), handed].slice(-KNOWN_LEASES)
      for (const lease of leases) known.set(lease.id, lease)
      const returns = from ? from.returns + 1 : 0
      enter(lane, { items: new Set(items), returns, leases, untilMs, isLeased: true, heapPlace: -1 })
      for (const { bytes } of items) {
        lane.events++
        lane.bytes += bytes
      }
      return handed.id
    },
    takeDue(name, now) {
      const lane = laneOf(name)
      const batch = lane.due.first()
      if (!batch || batch.untilMs > now) return undefined
      const items = [...batch.items]
      for (const item of items) takeOut(lane, item)
      // Its leases stay known: an ack that comes late still tells the truth about its events.
      return { items, returns: batch.returns, leases: batch.leases }
    },
    returned(name, now, max) {
      const back = laneOf(name)
        .due.all()
        .filter(({ isLeased, untilMs }) => !isLeased || untilMs <= now)
      const newest = back.toSorted((a, b) => (b.leases.at(-1)?.id ?? 0) - (a.leases.at(-1)?.id ?? 0))
      const items: Item[] = []
      for (const batch of newest) {
        items.push(...[...batch.items].toReversed())
        if (items.length >= max) break
      }
      return items.slice(0, max)
    },
    takeOne(item) {
      const batch = batchOf.get(item)
      if (!batch) throw new Error('an event is taken out of a batch that it is not in')
      takeOut(laneOf(item.lane), item)
      return { items: [item], returns: batch.returns, leases: batch.leases }
    },
    nextDueAt: (lane) => laneOf(lane).due.first()?.untilMs,
    ending: (settlements) => endings(settlements, meant),
    apply(settlements, now) {
      for (const item of endings(settlements, meant).keys()) {
        item.isSettled = true
        takeOut(laneOf(item.lane), item)
      }
      for (const settlement of settlements) if (settlement.verdict === 'retry') comeBack(settlement, now)
    },
    outstanding(name) {
      const { events, bytes } = laneOf(name)
      return { events, bytes }
    },
  }
}
