import { closeSync, fsyncSync, openSync, statSync, truncateSync, writeSync } from 'node:fs'
import { randomBytes } from 'node:crypto'

/** A file that only takes up room, so that there is some to give back. It outlives the process. */
export interface ReserveFile {
  isKept(): boolean
  /** Writes it; where the disk has no room it stays given back. */
  keep(): void
  /** False where there was nothing to give. */
  giveBack(): boolean
}

const PIECE_BYTES = 1024 * 1024

/** @param bytes its size; at 0 nothing is written, and it counts as kept. */
export function reserveFile(path: string, bytes: number): ReserveFile {
  let isKept = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) >= bytes

  function giveBack(): boolean {
    const hadSome = isKept && bytes > 0
    isKept = bytes === 0
    if (hadSome) truncateSync(path, 0)
    return hadSome
  }

  return {
    isKept: () => isKept,
    keep() {
      const file = openSync(path, 'w')
      try {
        // Noise: a file system that compresses or leaves out zeros would keep nothing free.
        for (let left = bytes; left > 0;) left -= writeSync(file, randomBytes(Math.min(left, PIECE_BYTES)))
        fsyncSync(file)
        isKept = true
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error
        truncateSync(path, 0)
      } finally {
        closeSync(file)
      }
    },
    giveBack,
  }
}
