import type { Settlement } from './ports.ts'

/**
 * Who holds what: leases and returned batches, in memory. Every queue has one; it knows nothing of how events are
 * stored. An item belongs to at most one batch that counts; an ack through a lease that has ended still settles it.
 */
export interface LeaseBook<Item extends LeasedItem> {
  /** Opens a lease over these items; `from` is what `takeDue` gave, where they come from there. */
  open(lane: string, items: Item[], untilMs: number, from?: Returned<Item>): number
  /** Takes the returned batch that is due the longest; ended leases count as returned. */
  takeDue(lane: string, now: number): Returned<Item> | undefined
  /** When the next returned batch of a lane is due, or the next lease ends. */
  nextDueAt(lane: string): number | undefined
  /** The items that these settlements would acknowledge. Changes nothing: the store commits first. */
  acked(settlements: readonly Settlement[]): Item[]
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
  /** The leases it was held under before. */
  leases: number[]
}

interface Batch<Item> extends Returned<Item> {
  lane: string
  /** When the lease ends, or the returned batch is due. */
  untilMs: number
}

/** What a lease handed out, by place, for as long as it is known; and the batch it is. */
interface Handed<Item> {
  items: readonly Item[]
  batch: Batch<Item>
}

/**
 * A batch remembers this many leases. A late ack comes from a call or two ago, while a batch may come back for days.
 */
const KNOWN_LEASES = 8

export function leaseBook<Item extends LeasedItem>(): LeaseBook<Item> {
  const byLease = new Map<number, Handed<Item>>()
  const batches = new Set<Batch<Item>>()
  const held = new Map<string, { events: number; bytes: number }>()
  let nextLease = 1

  const outstanding = (lane: string) => {
    const count = held.get(lane) ?? { events: 0, bytes: 0 }
    held.set(lane, count)
    return count
  }
  const hold = (items: readonly Item[], sign: 1 | -1) => {
    for (const { lane, bytes } of items) {
      const count = outstanding(lane)
      count.events += sign
      count.bytes += sign * bytes
    }
  }
  const isOpen = (item: Item | undefined): item is Item => item !== undefined && !item.isSettled
  /** The unsettled items that a settlement means. */
  const meant = ({ items, batch }: Handed<Item>, places?: readonly number[]): Item[] =>
    (places ? places.map((place) => items[place]) : batch.items).filter(isOpen)
  const forget = (batch: Batch<Item>) => {
    batches.delete(batch)
    for (const lease of batch.leases) byLease.delete(lease)
  }

  function acked(settlements: readonly Settlement[]): Item[] {
    // An ack of "all" beside a retry of some means the others.
    const kept = new Set<Item>()
    for (const { lease, verdict, places } of settlements) {
      const handed = byLease.get(lease)
      if (handed && verdict === 'retry' && places) for (const item of meant(handed, places)) kept.add(item)
    }
    const items = new Set<Item>()
    for (const { lease, verdict, places } of settlements) {
      const handed = byLease.get(lease)
      if (!handed || verdict !== 'ack') continue
      for (const item of meant(handed, places)) if (places || !kept.has(item)) items.add(item)
    }
    return [...items]
  }

  /** Sends a lease's batch back, or a part of it as a batch of its own. */
  function comeBack(batch: Batch<Item>, items: Item[], untilMs: number): void {
    // Handed out again under another lease: what this one says of it counts no more.
    if (!batches.has(batch) || items.length === 0) return
    const leaving = new Set(items)
    const rest = batch.items.filter((item) => isOpen(item) && !leaving.has(item))
    if (rest.length === 0) batch.untilMs = untilMs
    else {
      batches.add({ ...batch, items, untilMs, leases: [] })
      batch.items = rest
    }
  }

  return {
    open(lane, items, untilMs, from) {
      const lease = nextLease++
      const leases = [...(from?.leases ?? []), lease]
      for (const old of leases.splice(0, leases.length - KNOWN_LEASES)) byLease.delete(old)
      const batch: Batch<Item> = { lane, items, returns: from ? from.returns + 1 : 0, untilMs, leases }
      batches.add(batch)
      byLease.set(lease, { items, batch })
      hold(items, 1)
      return lease
    },
    takeDue(lane, now) {
      let due: Batch<Item> | undefined
      for (const batch of batches) {
        if (batch.lane !== lane || batch.untilMs > now) continue
        // Settled through an earlier lease: there is nothing left to hand out.
        if (!batch.items.some(isOpen)) forget(batch)
        else if (!due || batch.untilMs < due.untilMs) due = batch
      }
      if (!due) return undefined
      // Its leases stay known: an ack that comes late still tells the truth about its events.
      batches.delete(due)
      const items = due.items.filter(isOpen)
      hold(items, -1)
      return { items, returns: due.returns, leases: due.leases }
    },
    nextDueAt(lane) {
      let at: number | undefined
      for (const batch of batches)
        if (batch.lane === lane && (at === undefined || batch.untilMs < at)) at = batch.untilMs
      return at
    },
    acked,
    apply(settlements, now) {
      const done = acked(settlements)
      for (const item of done) item.isSettled = true
      hold(done, -1)
      for (const settlement of settlements) {
        const handed = byLease.get(settlement.lease)
        if (!handed) continue
        const { batch } = handed
        if (settlement.verdict === 'retry') {
          // Only what still belongs to the batch can leave it; a part of it has its own way already.
          const items = meant(handed, settlement.places).filter((item) => batch.items.includes(item))
          comeBack(batch, items, now + settlement.afterMs)
        }
        if (!batch.items.some(isOpen)) forget(batch)
      }
    },
    outstanding,
  }
}
