import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { SqlDriver, SqlValue } from '../queue/sql-driver.ts'

/** How long a statement waits for another process that writes (a backup, an operator's shell). */
const BUSY_TIMEOUT_MS = 5000

/** A WAL that a long reader let grow is cut back to this size once the reader has left. */
const WAL_KEPT_BYTES = 64 * 1024 * 1024

/**
 * `node:sqlite` as the queue's driver (Node, Deno and Bun). WAL with `synchronous=FULL`: a commit is on disk when it
 * returns. NORMAL would be faster and would lose the last commits with the power.
 * @throws where the path means no file on a disk: an empty one and `:memory:` have no WAL, and keep nothing.
 */
export function nodeSqlite(path: string): SqlDriver {
  const database = new DatabaseSync(path)
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
  const journal = database.prepare('PRAGMA journal_mode = WAL').get() as { journal_mode: string }
  if (journal.journal_mode !== 'wal') {
    database.close()
    throw new Error('it is no file that SQLite can keep events in durably; give the path of one')
  }
  database.exec(`PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${WAL_KEPT_BYTES}`)
  const statements = new Map<string, StatementSync>()

  function prepare(sql: string): StatementSync {
    let statement = statements.get(sql)
    if (!statement) statements.set(sql, (statement = database.prepare(sql)))
    return statement
  }

  return {
    exec: (sql) => database.exec(sql),
    run: (sql, ...parameters: SqlValue[]) => Number(prepare(sql).run(...parameters).changes),
    all: <Row>(sql: string, ...parameters: SqlValue[]) => prepare(sql).all(...parameters) as Row[],
    transaction(body) {
      database.exec('BEGIN IMMEDIATE')
      try {
        const result = body()
        database.exec('COMMIT')
        return result
      } catch (error) {
        try {
          database.exec('ROLLBACK')
        } catch {
          // SQLite has rolled back by itself, as it does where the disk is full. (Older Nodes cannot be asked.)
        }
        throw error
      }
    },
    close() {
      statements.clear()
      database.close()
    },
  }
}
