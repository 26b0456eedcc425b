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

export function leaseBook<Item extends LeasedItem>(): LeaseBook<Item> {
  const byLease = new Map<number, Batch<Item>>()
  const batches = new Set<Batch<Item>>()
  const held = new Map<string, { events: number; bytes: number }>()
  let nextLease = 1

  const outstanding = (lane: string) => {
    const count = held.get(lane) ?? { events: 0, bytes: 0 }
    held.set(lane, count)
    return count
  }
  const add = (batch: Batch<Item>, sign: 1 | -1, items: readonly Item[]) => {
    const count = outstanding(batch.lane)
    for (const { bytes } of items) {
      count.events += sign
      count.bytes += sign * bytes
    }
  }
  const places = (batch: Batch<Item>, { places: given }: Settlement) =>
    (given ? given.map((place) => batch.items[place]) : batch.items).filter(
      (item) => item !== undefined && !item.isSettled,
    ) as Item[]
  const forget = (batch: Batch<Item>) => {
    batches.delete(batch)
    for (const lease of batch.leases) byLease.delete(lease)
  }

  return {
    open(lane, items, untilMs, from) {
      const lease = nextLease++
      const leases = [...(from?.leases ?? []), lease]
      const batch: Batch<Item> = { lane, items, returns: from ? from.returns + 1 : 0, untilMs, leases }
      batches.add(batch)
      byLease.set(lease, batch)
      add(batch, 1, items)
      return lease
    },
    takeDue(lane, now) {
      let due: Batch<Item> | undefined
      for (const batch of batches) {
        if (batch.lane !== lane || batch.untilMs > now) continue
        // Settled through an earlier lease: there is nothing left to hand out.
        if (batch.items.every((item) => item.isSettled)) forget(batch)
        else if (!due || batch.untilMs < due.untilMs) due = batch
      }
      if (!due) return undefined
      // Its leases stay known: an ack that comes late still tells the truth about its events.
      batches.delete(due)
      const items = due.items.filter((item) => !item.isSettled)
      add(due, -1, items)
      return { items, returns: due.returns, leases: due.leases }
    },
    nextDueAt(lane) {
      let at: number | undefined
      for (const batch of batches)
        if (batch.lane === lane && (at === undefined || batch.untilMs < at)) at = batch.untilMs
      return at
    },
    acked(settlements) {
      const items = new Set<Item>()
      for (const settlement of settlements) {
        const batch = byLease.get(settlement.lease)
        if (batch && settlement.verdict === 'ack') for (const item of places(batch, settlement)) items.add(item)
      }
      return [...items]
    },
    apply(settlements, now) {
      for (const settlement of settlements) {
        const batch = byLease.get(settlement.lease)
        if (!batch) continue
        const items = places(batch, settlement)
        if (settlement.verdict === 'ack') {
          for (const item of items) {
            item.isSettled = true
            const count = outstanding(batch.lane)
            count.events--
            count.bytes -= item.bytes
          }
        } else if (batches.has(batch)) {
          const rest = batch.items.filter((item) => !item.isSettled && !items.includes(item))
          if (rest.length === 0) batch.untilMs = now + settlement.afterMs
          else {
            const part: Batch<Item> = { ...batch, items, untilMs: now + settlement.afterMs, leases: [] }
            batches.add(part)
            // Places of the lease still count from its own list: what left it is a hole there.
            batch.items = batch.items.map((item) =>
              items.includes(item) ? ({ ...item, isSettled: true } as Item) : item,
            )
          }
        }
        if (batch.items.every((item) => item.isSettled)) forget(batch)
      }
    },
    outstanding,
  }
}
