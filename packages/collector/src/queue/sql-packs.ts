import { textBytes } from '@warren/protocol/text-bytes'
import type { LeasedItem } from './lease-book.ts'
import { type Pack, type PackCodec } from './pack-codec.ts'
import { runs } from './runs.ts'
import type { SqlDriver } from './sql-driver.ts'
import type { SqlLane } from './sql-lanes.ts'

/** Packs looked at in one step while a lease is filled; lone events make packs of one. */
const PACKS_PER_STEP = 500

/** One event of a pack. */
export interface PackItem extends LeasedItem {
  pack: number
  index: number
}

/** What a pack holds of one event: its line, the number of its source, and when it was taken. */
export interface PackEvent {
  json: string
  source: number
  at: number
}

/** Packs in the database, read from front to back once in a process's life, but for what a probe takes early. */
export interface SqlPacks {
  /** Writes packs of a lane, inside a commit. */
  add(lane: SqlLane, source: number, packs: readonly Pack[], at: number): void
  /** Removes settled events, inside a commit: a whole pack, or runs of one. */
  settle(items: readonly PackItem[]): void
  /** The commit is on disk: what it settled is gone. */
  committed(): void
  rolledBack(): void
  /** The next events of a lane that were never taken in this process. */
  take(lane: SqlLane, max: { events: number; bytes: number }): { items: PackItem[]; lines: string[] }
  /** The events of a lane that were never taken in this process, the newest first, read as they are asked for. */
  newest(lane: SqlLane): Iterable<{ item: PackItem; line: string }>
  /** Takes one that `newest` gave; `take` will step over it. */
  takeEarly(item: PackItem): void
  /** Reads events taken before; those of one pack should follow each other. */
  reader(): (item: PackItem) => PackEvent
  /** When the oldest event of a lane was taken that was never handed out in this process. */
  oldestReadyAt(lane: SqlLane): number | undefined
  /** The number that the next pack will have. */
  nextPack(): number
}

/** What is known of a pack while some of its events are out: how many it has, and how many are settled. */
interface OpenPack {
  events: number
  settled: number
}

export function sqlPacks(driver: SqlDriver, codec: PackCodec): SqlPacks {
  const [last] = driver.all<{ id: number | null }>(`SELECT MAX(id) AS id FROM packs`)
  /** Given here and never by SQLite, which would give a removed pack's number again, behind the readers' backs. */
  let nextPack = (last?.id ?? 0) + 1
  /** Packs up to this one may have events that an earlier process settled. */
  const lastOldPack = nextPack - 1
  const openPacks = new Map<number, OpenPack>()
  /** By pack, ahead of the reader: the places that were taken early. */
  const early = new Map<number, Set<number>>()
  let settledNow: { pack: number; count: number }[] = []

  /** The places of a pack that the reader must step over: settled by an earlier process, or taken early. */
  function steppedOver(pack: number): { places: Set<number>; settled: number } {
    const places = new Set<number>()
    if (pack <= lastOldPack) {
      for (const run of driver.all<{ first: number; last: number }>(
        `SELECT first, last FROM settled WHERE pack = ?`,
        pack,
      )) {
        for (let place = run.first; place <= run.last; place++) places.add(place)
      }
    }
    const settled = places.size
    for (const place of early.get(pack) ?? []) places.add(place)
    return { places, settled }
  }

  const firstPlace = ({ next }: SqlLane, pack: number) => (pack === next.pack ? next.index : 0)

  return {
    add(lane, source, packs, at) {
      for (const { events, bytes, body, isCompressed } of packs) {
        driver.run(
          `INSERT INTO packs (id, lane, at, events, bytes, body, source) VALUES (?, ?, ?, ?, ?, ${isCompressed ? '?' : 'CAST(? AS TEXT)'}, ?)`,
          nextPack++,
          lane.id,
          at,
          events,
          bytes,
          body,
          source,
        )
      }
    },

    settle(items) {
      const byPack = new Map<number, PackItem[]>()
      for (const item of items) {
        const others = byPack.get(item.pack)
        if (others) others.push(item)
        else byPack.set(item.pack, [item])
      }
      for (const [pack, settled] of byPack) {
        const open = openPacks.get(pack)
        if (!open) throw new Error(`pack ${pack} is settled and was never taken`)
        if (open.settled + settled.length === open.events) {
          driver.run(`DELETE FROM packs WHERE id = ?`, pack)
          driver.run(`DELETE FROM settled WHERE pack = ?`, pack)
        } else {
          for (const { first, last } of runs(settled.map(({ index }) => index))) {
            driver.run(`INSERT INTO settled VALUES (?, ?, ?)`, pack, first, last)
          }
        }
        settledNow.push({ pack, count: settled.length })
      }
    },

    committed() {
      for (const { pack, count } of settledNow) {
        const open = openPacks.get(pack)
        if (!open) continue
        open.settled += count
        if (open.settled < open.events) continue
        openPacks.delete(pack)
        early.delete(pack)
      }
      settledNow = []
    },

    rolledBack() {
      settledNow = []
    },

    take(lane, max) {
      const items: PackItem[] = []
      const lines: string[] = []
      const passed: number[] = []
      let bytes = 0
      // The lane goes on only once all is read: what fails half-way is read again.
      let { next } = lane
      filling: while (items.length < max.events) {
        const rows = driver.all<{ id: number; events: number; bytes: number }>(
          `SELECT id, events, bytes FROM packs WHERE lane = ? AND id >= ? ORDER BY id LIMIT ?`,
          lane.id,
          next.pack,
          PACKS_PER_STEP,
        )
        const lastId = lastNeeded(rows, max.events - items.length, max.bytes - bytes)
        if (lastId === undefined) break
        const found = driver.all<{ id: number; events: number; body: string | Uint8Array }>(
          `SELECT id, events, body FROM packs WHERE lane = ? AND id BETWEEN ? AND ? ORDER BY id`,
          lane.id,
          next.pack,
          lastId,
        )
        for (const { id: pack, events, body } of found) {
          const { places, settled } = steppedOver(pack)
          if (!openPacks.has(pack)) openPacks.set(pack, { events, settled })
          const all = codec.lines(body)
          for (let index = pack === next.pack ? next.index : 0; index < all.length; index++) {
            const line = all[index]
            if (line === undefined || places.has(index)) continue
            const size = textBytes(line)
            if (items.length >= max.events || (items.length > 0 && bytes + size > max.bytes)) {
              next = { pack, index }
              break filling
            }
            items.push({ lane: lane.name, pack, index, bytes: size, isSettled: false })
            lines.push(line)
            bytes += size
          }
          next = { pack: pack + 1, index: 0 }
          passed.push(pack)
        }
      }
      lane.next = next
      for (const pack of passed) early.delete(pack)
      return { items, lines }
    },

    *newest(lane) {
      let before = nextPack
      for (;;) {
        const [row] = driver.all<{ id: number; body: string | Uint8Array }>(
          `SELECT id, body FROM packs WHERE lane = ? AND id >= ? AND id < ? ORDER BY id DESC LIMIT 1`,
          lane.id,
          lane.next.pack,
          before,
        )
        if (!row) return
        const pack = (before = row.id)
        const { places } = steppedOver(pack)
        const lines = codec.lines(row.body)
        for (let index = lines.length - 1; index >= firstPlace(lane, pack); index--) {
          const line = lines[index]
          if (line === undefined || places.has(index)) continue
          yield { item: { lane: lane.name, pack, index, bytes: textBytes(line), isSettled: false }, line }
        }
      }
    },

    takeEarly({ pack, index }) {
      if (!openPacks.has(pack)) {
        const [row] = driver.all<{ events: number }>(`SELECT events FROM packs WHERE id = ?`, pack)
        if (!row) throw new Error(`pack ${pack} is taken and not there`)
        openPacks.set(pack, { events: row.events, settled: steppedOver(pack).settled })
      }
      const places = early.get(pack)
      if (places) places.add(index)
      else early.set(pack, new Set([index]))
    },

    reader() {
      let read: { pack: number; lines: string[]; source: number; at: number } | undefined
      return ({ pack, index }) => {
        if (read?.pack !== pack) {
          const [row] = driver.all<{ body: string | Uint8Array; source: number; at: number }>(
            `SELECT body, source, at FROM packs WHERE id = ?`,
            pack,
          )
          if (!row) throw new Error(`pack ${pack} is leased and not there`)
          read = { pack, lines: codec.lines(row.body), source: row.source, at: row.at }
        }
        const json = read.lines[index]
        if (json === undefined) throw new Error(`pack ${pack} has no event ${index}`)
        return { json, source: read.source, at: read.at }
      }
    },

    oldestReadyAt(lane) {
      for (;;) {
        const [row] = driver.all<{ id: number; at: number; events: number }>(
          `SELECT id, at, events FROM packs WHERE lane = ? AND id >= ? ORDER BY id LIMIT 1`,
          lane.id,
          lane.next.pack,
        )
        if (!row || !early.has(row.id)) return row?.at
        const { places } = steppedOver(row.id)
        for (let index = firstPlace(lane, row.id); index < row.events; index++) if (!places.has(index)) return row.at
        // All that was left of it was taken early: the reader has nothing to do there.
        lane.next = { pack: row.id + 1, index: 0 }
        early.delete(row.id)
      }
    },

    nextPack: () => nextPack,
  }
}

/** The last of these packs that is needed to fill a lease. */
function lastNeeded(
  rows: readonly { id: number; events: number; bytes: number }[],
  maxEvents: number,
  maxBytes: number,
): number | undefined {
  let events = 0
  let bytes = 0
  for (const row of rows) {
    events += row.events
    bytes += row.bytes
    if (events >= maxEvents || bytes >= maxBytes) return row.id
  }
  return rows.at(-1)?.id
}
