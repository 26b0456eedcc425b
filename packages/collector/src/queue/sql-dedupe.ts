import { decodeTime } from '@warren/protocol'
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
  /** Forgets some of what is out of the window. */
  expire(now: number): void
  /** To be called after a rollback: what was learnt inside it is not so. */
  forgetSources(): void
}

export function sqlDedupe(driver: SqlDriver): SqlDedupe {
  let sources = new Map<string, number>()
  let expireAt = 0

  function sourceId(name: string): number {
    const known = sources.get(name)
    if (known !== undefined) return known
    driver.run(`INSERT OR IGNORE INTO sources (name) VALUES (?)`, name)
    const [row] = driver.all<{ id: number }>(`SELECT id FROM sources WHERE name = ?`, name)
    if (!row) throw new Error('a source that was just written is not there')
    sources.set(name, row.id)
    return row.id
  }

  return {
    remember(source, uuid, receivedAt) {
      const id = sourceId(source)
      if (isTimeOrdered(uuid, receivedAt)) {
        // It may have come before under a clock that put it into the other table.
        const [other] = driver.all<{ at: number }>(`SELECT at FROM seen_other WHERE source = ? AND uuid = ?`, id, uuid)
        if (other && other.at > receiptExpiry(receivedAt)) return false
        return driver.run(`INSERT OR IGNORE INTO seen_ordered VALUES (?, ?)`, id, uuid) === 1
      }
      // The same the other way round: a retry can come when its prefix is no longer close to receipt.
      if (decodeTime(uuid) !== undefined && uuid >= orderedExpiry(receivedAt)) {
        const known = driver.all(`SELECT 1 FROM seen_ordered WHERE source = ? AND uuid = ?`, id, uuid)
        if (known.length > 0) return false
      }
      const changed = driver.run(
        `INSERT INTO seen_other VALUES (?, ?, ?) ON CONFLICT (source, uuid) DO UPDATE SET at = excluded.at WHERE at <= ?`,
        id,
        uuid,
        receivedAt,
        receiptExpiry(receivedAt),
      )
      return changed === 1
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
