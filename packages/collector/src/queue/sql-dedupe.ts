import { decodeTime } from '@warren/protocol/time-id'
import { isTimeOrdered, orderedExpiry, receiptExpiry } from './dedupe-class.ts'
import type { SqlDriver } from './sql-driver.ts'

/** Expired uuids that one commit may remove: a few milliseconds at the most. */
const EXPIRED_PER_COMMIT = 1000

/** How long to leave the tables alone once nothing in them is expired. */
const LOOK_AGAIN_MS = 60_000

/** The memory of "once": (source, uuid), in two tables; see `dedupe-class.ts`. Everything runs inside a commit. */
export interface SqlDedupe {
  /** Remembers a uuid; false where it was known already. */
  remember(source: string, uuid: string, receivedAt: number): boolean
  /** Whether `remember` would give false. */
  isKnown(source: string, uuid: string, receivedAt: number): boolean
  /** Makes a uuid known as received now, whatever was known of it. */
  renew(source: string, uuid: string, receivedAt: number): void
  /** The number that stands for a source; given anew where it has none. */
  sourceId(source: string): number
  /** The source that a number stands for; an empty text where it stands for none. */
  sourceName(id: number): string
  /** Forgets some of what is out of the window. */
  expire(now: number): void
  /** To be called after a rollback: what was learnt inside it is not so. */
  forgetSources(): void
}

/** A source, with what this process knows of it. */
interface Source {
  id: number
  /** It may have rows in `seen_other`. Sources whose senders are all trackers hardly do, and need no look-up there. */
  hasOther: boolean
}

export function sqlDedupe(driver: SqlDriver): SqlDedupe {
  let sources = new Map<string, Source>()
  let expireAt = 0

  function sourceOf(name: string): Source {
    const known = sources.get(name)
    if (known !== undefined) return known
    driver.run(`INSERT OR IGNORE INTO sources (name) VALUES (?)`, name)
    const [row] = driver.all<{ id: number }>(`SELECT id FROM sources WHERE name = ?`, name)
    if (!row) throw new Error('a source that was just written is not there')
    const others = driver.all(`SELECT 1 FROM seen_other WHERE source = ? LIMIT 1`, row.id)
    const source = { id: row.id, hasOther: others.length > 0 }
    sources.set(name, source)
    return source
  }

  function isInOther({ id, hasOther }: Source, uuid: string, at: number): boolean {
    if (!hasOther) return false
    const [row] = driver.all<{ at: number }>(`SELECT at FROM seen_other WHERE source = ? AND uuid = ?`, id, uuid)
    return row !== undefined && row.at > receiptExpiry(at)
  }

  const isInOrdered = ({ id }: Source, uuid: string): boolean =>
    driver.all(`SELECT 1 FROM seen_ordered WHERE source = ? AND uuid = ?`, id, uuid).length > 0

  return {
    remember(name, uuid, receivedAt) {
      const source = sourceOf(name)
      if (isTimeOrdered(uuid, receivedAt)) {
        // It may have come before under a clock that put it into the other table.
        if (isInOther(source, uuid, receivedAt)) return false
        return driver.run(`INSERT OR IGNORE INTO seen_ordered VALUES (?, ?)`, source.id, uuid) === 1
      }
      // The same the other way round: a retry can come when its prefix is no longer close to receipt.
      if (decodeTime(uuid) !== undefined && uuid >= orderedExpiry(receivedAt) && isInOrdered(source, uuid)) return false
      source.hasOther = true
      const changed = driver.run(
        `INSERT INTO seen_other VALUES (?, ?, ?) ON CONFLICT (source, uuid) DO UPDATE SET at = excluded.at WHERE at <= ?`,
        source.id,
        uuid,
        receivedAt,
        receiptExpiry(receivedAt),
      )
      return changed === 1
    },
    isKnown(name, uuid, receivedAt) {
      const source = sourceOf(name)
      if (isInOther(source, uuid, receivedAt)) return true
      // A row that awaits its removal counts where its table is the uuid's own, as it does for `remember`.
      const isOrdered = isTimeOrdered(uuid, receivedAt)
      const isInWindow = decodeTime(uuid) !== undefined && uuid >= orderedExpiry(receivedAt)
      return (isOrdered || isInWindow) && isInOrdered(source, uuid)
    },
    renew(name, uuid, receivedAt) {
      const source = sourceOf(name)
      if (isTimeOrdered(uuid, receivedAt)) {
        driver.run(`INSERT OR IGNORE INTO seen_ordered VALUES (?, ?)`, source.id, uuid)
        return
      }
      source.hasOther = true
      driver.run(`INSERT OR REPLACE INTO seen_other VALUES (?, ?, ?)`, source.id, uuid, receivedAt)
    },
    sourceId: (name) => sourceOf(name).id,
    sourceName(id) {
      const [row] = driver.all<{ name: string }>(`SELECT name FROM sources WHERE id = ?`, id)
      return row?.name ?? ''
    },
    expire(now) {
      if (now < expireAt) return
      let removed = driver.run(
        `DELETE FROM seen_other WHERE (source, uuid) IN (SELECT source, uuid FROM seen_other WHERE at <= ? ORDER BY at LIMIT ?)`,
        receiptExpiry(now),
        EXPIRED_PER_COMMIT,
      )
      for (const { id } of driver.all<{ id: number }>(`SELECT id FROM sources`)) {
        removed += driver.run(
          `DELETE FROM seen_ordered WHERE source = ? AND uuid IN (SELECT uuid FROM seen_ordered WHERE source = ? AND uuid < ? ORDER BY uuid LIMIT ?)`,
          id,
          id,
          orderedExpiry(now),
          EXPIRED_PER_COMMIT,
        )
      }
      if (removed === 0) expireAt = now + LOOK_AGAIN_MS
    },
    forgetSources() {
      sources = new Map()
    },
  }
}
