import { realpathSync, statSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { SqlDriver, SqlValue } from '../queue/sql-driver.ts'

/** How long a statement waits for another process that writes (an operator's shell). */
const BUSY_TIMEOUT_MS = 5000

/** A WAL that a long reader let grow is cut back to this size once the reader has left. */
export const WAL_KEPT_BYTES: number = 64 * 1024 * 1024

/** SQLite's own numbers (sqlite.org/rescode.html): no room for the database, and none for the WAL's index. */
const SQLITE_FULL = 13
const SQLITE_IOERR_SHMSIZE = 4874

/** The queue's driver on Node, with what the disk's keeper needs of it. */
export interface NodeSqlite extends SqlDriver {
  /** The size of the WAL file: what commits have written and no checkpoint has brought home. */
  walBytes(): number
  /**
   * Brings home what can be without waiting for anyone, and cuts the WAL to nothing where nobody reads it. Outside of
   * transactions only.
   */
  checkpoint(): void
}

/**
 * `node:sqlite` as the queue's driver (Node, Deno and Bun). WAL with `synchronous=FULL`: a commit is on disk when it
 * returns. NORMAL would be faster and would lose the last commits with the power.
 * @throws where the path means no file on a disk: an empty one and `:memory:` have no WAL, and keep nothing.
 */
export function nodeSqlite(path: string): NodeSqlite {
  const database = new DatabaseSync(path)
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    const journal = database.prepare('PRAGMA journal_mode = WAL').get() as { journal_mode: string }
    if (journal.journal_mode !== 'wal') {
      throw new Error('it is no file that SQLite can keep events in durably; give the path of one')
    }
    database.exec(`PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${WAL_KEPT_BYTES}`)
  } catch (error) {
    database.close()
    throw error
  }
  const realPath = realpathSync(path)
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
    walBytes: () => walBytes(realPath),
    checkpoint() {
      // A reader in the way is not waited for: it is told of in the answer, and the next look tries again.
      database.exec('PRAGMA busy_timeout = 0')
      try {
        database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all()
      } finally {
        database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
      }
    },
    close() {
      statements.clear()
      database.close()
    },
  }
}

/** The size of the WAL beside a database that is there. */
export function walBytes(path: string): number {
  return statSync(`${realpathSync(path)}-wal`, { throwIfNoEntry: false })?.size ?? 0
}

/** Whether an error of a driver means that there is no more room on the disk. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('errcode' in error) return error.errcode === SQLITE_FULL || error.errcode === SQLITE_IOERR_SHMSIZE
  // Runtimes that give no number give SQLite's own words.
  return error.message.includes('database or disk is full')
}
