import { utf8Bytes } from '@warren/protocol'
import type { LeasedItem } from './lease-book.ts'
import { packLines, type Pack } from './pack-codec.ts'
import type { SqlDriver } from './sql-driver.ts'

/** Packs looked at in one step while a lease is filled; lone events make packs of one. */
const PACKS_PER_STEP = 500

/** One event of a pack. */
export interface PackItem extends LeasedItem {
  pack: number
  index: number
}

/** Packs and lanes in the database, read from front to back once in a process's life. */
export interface SqlPacks {
  /** Writes packs of a lane, inside a commit. */
  add(lane: string, packs: readonly Pack[], at: number): void
  /** Removes settled events, inside a commit: a whole pack, or runs of one. */
  settle(items: readonly PackItem[]): void
  /** The commit is on disk: totals become what it made them. */
  committed(): void
  rolledBack(): void
  /** The next events of a lane that were never taken in this process. */
  take(lane: string, max: { events: number; bytes: number }): { items: PackItem[]; lines: string[] }
  /** The lines of events taken before. */
  read(items: readonly PackItem[]): string[]
  lanes(): { lane: string; events: number; bytes: number; oldestReadyAt: number | undefined }[]
}

interface Lane {
  id: number
  name: string
  events: number
  bytes: number
  /** Where the next `take` begins. */
  next: { pack: number; index: number }
}

interface Change {
  events: number
  bytes: number
}

/** What is known of a pack while some of its events are out: how many it has, and how many are settled. */
interface OpenPack {
  events: number
  settled: number
}

export function sqlPacks(driver: SqlDriver): SqlPacks {
  const lanes = new Map<string, Lane>()
  for (const row of driver.all<Omit<Lane, 'next'>>(`SELECT id, name, events, bytes FROM lanes`)) {
    lanes.set(row.name, { ...row, next: { pack: 0, index: 0 } })
  }
  const [last] = driver.all<{ id: number | null }>(`SELECT MAX(id) AS id FROM packs`)
  /** Given here and never by SQLite, which would give a removed pack's number again, behind the readers' backs. */
  let nextPack = (last?.id ?? 0) + 1
  /** Packs up to this one may have events that an earlier process settled. */
  const lastOldPack = nextPack - 1
  const openPacks = new Map<number, OpenPack>()
  let changes = new Map<Lane, Change>()
  let settledNow: { pack: number; count: number }[] = []
  let lanesMade: Lane[] = []

  function laneOf(name: string): Lane {
    const known = lanes.get(name)
    if (known) return known
    driver.run(`INSERT INTO lanes (name, events, bytes) VALUES (?, 0, 0)`, name)
    const [row] = driver.all<{ id: number }>(`SELECT id FROM lanes WHERE name = ?`, name)
    if (!row) throw new Error('a lane that was just written is not there')
    const lane: Lane = { id: row.id, name, events: 0, bytes: 0, next: { pack: nextPack, index: 0 } }
    lanes.set(name, lane)
    lanesMade.push(lane)
    return lane
  }

  function change(lane: Lane, events: number, bytes: number): void {
    driver.run(`UPDATE lanes SET events = events + ?, bytes = bytes + ? WHERE id = ?`, events, bytes, lane.id)
    const sum = changes.get(lane) ?? { events: 0, bytes: 0 }
    changes.set(lane, { events: sum.events + events, bytes: sum.bytes + bytes })
  }

  /** The places of a pack that an earlier process settled. */
  function settledBefore(pack: number): Set<number> {
    const places = new Set<number>()
    if (pack > lastOldPack) return places
    for (const run of driver.all<{ first: number; last: number }>(
      `SELECT first, last FROM settled WHERE pack = ?`,
      pack,
    )) {
      for (let place = run.first; place <= run.last; place++) places.add(place)
    }
    return places
  }

  return {
    add(name, packs, at) {
      const lane = laneOf(name)
      for (const { events, bytes, body } of packs) {
        driver.run(`INSERT INTO packs VALUES (?, ?, ?, ?, ?, ?)`, nextPack++, lane.id, at, events, bytes, body)
        change(lane, events, bytes)
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
      for (const [name, sum] of sumByLane(items)) change(laneOf(name), -sum.events, -sum.bytes)
    },

    committed() {
      for (const [lane, sum] of changes) {
        lane.events += sum.events
        lane.bytes += sum.bytes
      }
      for (const { pack, count } of settledNow) {
        const open = openPacks.get(pack)
        if (open && (open.settled += count) === open.events) openPacks.delete(pack)
      }
      changes = new Map()
      settledNow = []
      lanesMade = []
    },

    rolledBack() {
      // A lane made inside is not there; its number will be given anew.
      for (const { name } of lanesMade) lanes.delete(name)
      changes = new Map()
      settledNow = []
      lanesMade = []
    },

    take(name, max) {
      const items: PackItem[] = []
      const lines: string[] = []
      const lane = lanes.get(name)
      if (!lane) return { items, lines }
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
        const found = driver.all<{ id: number; events: number; body: string }>(
          `SELECT id, events, body FROM packs WHERE lane = ? AND id BETWEEN ? AND ? ORDER BY id`,
          lane.id,
          next.pack,
          lastId,
        )
        for (const { id: pack, events, body } of found) {
          const settled = settledBefore(pack)
          if (!openPacks.has(pack)) openPacks.set(pack, { events, settled: settled.size })
          const all = packLines(body)
          for (let index = pack === next.pack ? next.index : 0; index < all.length; index++) {
            const line = all[index]
            if (line === undefined || settled.has(index)) continue
            const size = utf8Bytes(line)
            if (items.length >= max.events || (items.length > 0 && bytes + size > max.bytes)) {
              next = { pack, index }
              break filling
            }
            items.push({ lane: name, pack, index, bytes: size, isSettled: false })
            lines.push(line)
            bytes += size
          }
          next = { pack: pack + 1, index: 0 }
        }
      }
      lane.next = next
      return { items, lines }
    },

    read(items) {
      const bodies = new Map<number, string[]>()
      return items.map(({ pack, index }) => {
        let lines = bodies.get(pack)
        if (!lines) {
          const [row] = driver.all<{ body: string }>(`SELECT body FROM packs WHERE id = ?`, pack)
          if (!row) throw new Error(`pack ${pack} is leased and not there`)
          bodies.set(pack, (lines = packLines(row.body)))
        }
        const line = lines[index]
        if (line === undefined) throw new Error(`pack ${pack} has no event ${index}`)
        return line
      })
    },

    lanes() {
      return [...lanes.values()].map(({ id, name, events, bytes, next }) => {
        const [oldest] = driver.all<{ at: number }>(
          `SELECT at FROM packs WHERE lane = ? AND id >= ? ORDER BY id LIMIT 1`,
          id,
          next.pack,
        )
        return { lane: name, events, bytes, oldestReadyAt: oldest?.at }
      })
    },
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

/** Numbers in any order, as runs of consecutive ones. */
function runs(numbers: readonly number[]): { first: number; last: number }[] {
  const found: { first: number; last: number }[] = []
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const current = found.at(-1)
    if (current && current.last + 1 === number) current.last = number
    else found.push({ first: number, last: number })
  }
  return found
}

function sumByLane(items: readonly PackItem[]): Map<string, Change> {
  const sums = new Map<string, Change>()
  for (const { lane, bytes } of items) {
    const sum = sums.get(lane) ?? { events: 0, bytes: 0 }
    sums.set(lane, { events: sum.events + 1, bytes: sum.bytes + bytes })
  }
  return sums
}
