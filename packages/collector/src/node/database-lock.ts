import { realpathSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** SQLite's own number (sqlite.org/rescode.html): another connection holds the lock. */
const SQLITE_BUSY = 5

/**
 * Takes a database that is there for this process alone; gives what lets go of it. Two collectors on one database would each hand
 * out the same events, because leases are in memory.
 *
 * The lock is SQLite's own, on an empty database beside this one that nobody else has a use for: the system lets go of
 * it when the process ends, however it ends, so a file that was left behind blocks nobody. Backups and shells read and
 * write the database itself as ever.
 * @throws where another process holds it.
 */
export function lockDatabase(path: string): () => void {
  // One database under two names is one.
  const lockPath = `${realpathSync(path)}-lock`
  const lock = new DatabaseSync(lockPath)
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (!isBusy(error)) throw error
    const words = `another collector works on it and holds ${lockPath}: stop that one, or give this one another file`
    throw new Error(words, { cause: error })
  }
  let isHeld = true
  return () => {
    if (isHeld) lock.close()
    isHeld = false
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error &&
  ('errcode' in error ? error.errcode === SQLITE_BUSY : error.message.includes('database is locked'))
