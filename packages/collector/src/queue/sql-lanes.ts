import type { SqlDriver } from './sql-driver.ts'

/** A lane of the database, with what this process knows of it. */
export interface SqlLane {
  id: number
  name: string
  /** Totals as of the last commit. */
  events: number
  bytes: number
  note: string | null
  /** Where the next `take` begins. */
  next: { pack: number; index: number }
}

export interface Totals {
  events: number
  bytes: number
}

/** The lanes and their totals: kept in memory, changed inside a commit, and true again once it is done or undone. */
export interface SqlLanes {
  find(name: string): SqlLane | undefined
  /** Finds a lane, or writes one, inside a commit. */
  use(name: string): SqlLane
  all(): SqlLane[]
  /** Adds to a lane's totals, inside a commit. */
  change(lane: SqlLane, events: number, bytes: number): void
  /** Adds to a lane's dead letters, inside a commit. */
  changeDead(name: string, events: number, bytes: number): void
  /** Writes a lane's note, inside a commit. */
  note(name: string, note: string): void
  dead(): { lane: string; events: number; bytes: number }[]
  /** All lanes together, with what the commit at hand has changed. */
  totals(): Totals
  committed(): void
  rolledBack(): void
}

/** @param firstPack where a lane that is new now begins to be read. */
export function sqlLanes(driver: SqlDriver, firstPack: () => number): SqlLanes {
  const lanes = new Map<string, SqlLane>()
  const held: Totals = { events: 0, bytes: 0 }
  for (const row of driver.all<Omit<SqlLane, 'next'>>(`SELECT id, name, events, bytes, note FROM lanes`)) {
    lanes.set(row.name, { ...row, next: { pack: 0, index: 0 } })
    add(held, row.events, row.bytes)
  }
  let changes = new Map<SqlLane, Totals>()
  let notes = new Map<SqlLane, string>()
  let made: SqlLane[] = []

  function add(sum: Totals, events: number, bytes: number): void {
    sum.events += events
    sum.bytes += bytes
  }

  function use(name: string): SqlLane {
    const known = lanes.get(name)
    if (known) return known
    driver.run(`INSERT INTO lanes (name, events, bytes) VALUES (?, 0, 0)`, name)
    const [row] = driver.all<{ id: number }>(`SELECT id FROM lanes WHERE name = ?`, name)
    if (!row) throw new Error('a lane that was just written is not there')
    const lane = { id: row.id, name, events: 0, bytes: 0, note: null, next: { pack: firstPack(), index: 0 } }
    lanes.set(name, lane)
    made.push(lane)
    return lane
  }

  function end(): void {
    changes = new Map()
    notes = new Map()
    made = []
  }

  return {
    find: (name) => lanes.get(name),
    use,
    all: () => [...lanes.values()],
    change(lane, events, bytes) {
      driver.run(`UPDATE lanes SET events = events + ?, bytes = bytes + ? WHERE id = ?`, events, bytes, lane.id)
      const sum = changes.get(lane) ?? { events: 0, bytes: 0 }
      changes.set(lane, sum)
      add(sum, events, bytes)
      add(held, events, bytes)
    },
    changeDead(name, events, bytes) {
      driver.run(
        `UPDATE lanes SET dead_events = dead_events + ?, dead_bytes = dead_bytes + ? WHERE id = ?`,
        events,
        bytes,
        use(name).id,
      )
    },
    note(name, note) {
      const lane = use(name)
      driver.run(`UPDATE lanes SET note = ? WHERE id = ?`, note, lane.id)
      notes.set(lane, note)
    },
    dead: () =>
      driver.all<{ lane: string; events: number; bytes: number }>(
        `SELECT name AS lane, dead_events AS events, dead_bytes AS bytes FROM lanes WHERE dead_events > 0`,
      ),
    totals: () => ({ ...held }),
    committed() {
      for (const [lane, sum] of changes) add(lane, sum.events, sum.bytes)
      for (const [lane, note] of notes) lane.note = note
      end()
    },
    rolledBack() {
      for (const sum of changes.values()) add(held, -sum.events, -sum.bytes)
      // A lane made inside is not there; its number will be given anew.
      for (const { name } of made) lanes.delete(name)
      end()
    },
  }
}
