import type { Disk } from '../queue/disk.ts'
import { freeBytes } from './free-bytes.ts'
import { reserveFile } from './reserve-file.ts'
import { isDiskFull, WAL_KEPT_BYTES, type NodeSqlite } from './sqlite.ts'

export interface DiskRoomOptions {
  /** The database's file; the reserve stands beside it. */
  path: string
  driver: Pick<NodeSqlite, 'walBytes' | 'checkpoint'>
  /** Given back on a full disk, so that deliveries can be recorded there. */
  reserveBytes?: number
  /** With less than this free no new events are taken. */
  lowBytes?: number
  /** And none until so much is free again, so that it does not flap; the reserve comes on top while it is not there. */
  highBytes?: number
  /** A WAL larger than this takes no new events. */
  maxWalBytes?: number
  /** Free bytes of the file system that holds a path. */
  free?: (path: string) => number
  /** Milliseconds, of a clock that only goes forward. */
  now?: () => number
}

const MIB = 1024 * 1024

/** A look costs a few system calls, and what the disk loses between two must fit into the low mark. */
const LOOK_EVERY_MS = 250

/**
 * What is kept free on the disk, in three parts, and how it is given up and won back:
 * | state | new events | leaves when | to |
 * |---|---|---|---|
 * | roomy | taken | less is free than the low mark | short |
 * | | | a commit finds the disk full: the reserve is given back | short, without reserve |
 * | short | refused | the high mark is free | roomy |
 * | short, without reserve | refused | the high mark and the reserve are free: it is written again | roomy |
 * | any | refused as well while the WAL is over its bound | a checkpoint could cut it | as before |
 * Deliveries are recorded in every state. It owns no timer: it looks when it is asked, at most every 250 ms.
 */
export function diskRoom(options: DiskRoomOptions): Disk {
  const { path, driver, free = freeBytes, now = () => performance.now() } = options
  // Ours. The reserve holds the settlements of some 100,000 events; the low mark leaves twice its size for what others
  // write between two looks, and the high mark is far enough from it that a disk near its end does not flap.
  const {
    reserveBytes = 16 * MIB,
    lowBytes = 32 * MIB,
    highBytes = 64 * MIB,
    maxWalBytes = 4 * WAL_KEPT_BYTES,
  } = options
  const reserve = reserveFile(`${path}-reserve`, reserveBytes)
  /** What new events can have: a WAL may yet need its size again in the database. */
  const room = () => free(path) - driver.walBytes()
  let isShort = false
  let words = look()
  let lookAt = now() + LOOK_EVERY_MS

  function look(): string | undefined {
    const wanted = isShort ? highBytes : lowBytes
    if (driver.walBytes() > WAL_KEPT_BYTES || room() < wanted) checkpoint()
    if (!reserve.isKept() && room() >= reserveBytes + wanted) reserve.keep()
    isShort = room() < wanted || !reserve.isKept()
    if (isShort) {
      const needed = highBytes + (reserve.isKept() ? 0 : reserveBytes)
      return `the disk has room for ${mib(room())} MiB, and new events are taken again from ${mib(needed)} MiB on`
    }
    const wal = driver.walBytes()
    if (wal <= maxWalBytes) return undefined
    return `the database's WAL has grown to ${mib(wal)} MiB, because something reads the database and does not end`
  }

  function checkpoint(): void {
    try {
      driver.checkpoint()
    } catch (error) {
      // No room to bring the WAL home: what is left shows it, and the next look tries again.
      if (!isDiskFull(error)) throw error
    }
  }

  return {
    isFull: isDiskFull,
    giveBack() {
      isShort = true
      words = 'the disk is full'
      return reserve.giveBack()
    },
    shortOf() {
      if (now() >= lookAt) {
        words = look()
        lookAt = now() + LOOK_EVERY_MS
      }
      return words
    },
  }
}

const mib = (bytes: number): number => Math.floor(bytes / MIB)
