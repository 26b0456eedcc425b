import { rmSync } from 'node:fs'
import type { QueueLimits } from '../queue/queue-limits.ts'
import { sqlQueue } from '../queue/sql.ts'
import { lockDatabase } from './database-lock.ts'
import { diskRoom, type DiskRoomOptions } from './disk-room.ts'
import { isDiskFull, nodeSqlite, type NodeSqlite } from './sqlite.ts'
import { zstd } from './zstd.ts'

export interface SqliteQueueOptions {
  /** Told how long each commit took, in milliseconds. */
  onCommit?: (ms: number) => void
  limits?: Partial<QueueLimits>
  /** Milliseconds since 1970. */
  now?: () => number
  room?: Pick<DiskRoomOptions, 'reserveBytes' | 'lowBytes' | 'highBytes' | 'maxWalBytes'>
}

export type SqliteQueue = ReturnType<typeof sqlQueue> & {
  /** The size of the database's WAL. */
  walBytes(): number
}

/**
 * The queue in a file: one process a database, which it holds until it is closed, and with an eye on the disk. Beside
 * the database stand its WAL, `-lock` and `-reserve`.
 * @throws where another process holds the database, or it cannot be opened.
 */
export function sqliteQueue(path: string, { onCommit, limits, room, now }: SqliteQueueOptions = {}): SqliteQueue {
  const driver = openDatabase(path)
  let unlock: (() => void) | undefined
  try {
    const release = (unlock = lockDatabase(path))
    const queue = sqlQueue(driver, {
      defer: setImmediate,
      disk: diskRoom({ path, driver, ...room }),
      ...(onCommit ? { onCommit } : {}),
      ...(limits ? { limits } : {}),
      ...(now ? { now } : {}),
      ...(zstd ? { compression: zstd } : {}),
    })
    return {
      ...queue,
      walBytes: driver.walBytes,
      async close() {
        try {
          await queue.close()
        } finally {
          release()
        }
      },
    }
  } catch (error) {
    driver.close()
    unlock?.()
    throw error
  }
}

/** Opening needs a few pages too: on a full disk the reserve gives them. */
function openDatabase(path: string): NodeSqlite {
  try {
    return nodeSqlite(path)
  } catch (error) {
    if (!isDiskFull(error)) throw error
  }
  rmSync(`${path}-reserve`, { force: true })
  try {
    return nodeSqlite(path)
  } catch (error) {
    if (!isDiskFull(error)) throw error
    throw new Error('the disk is full: make room on it', { cause: error })
  }
}
