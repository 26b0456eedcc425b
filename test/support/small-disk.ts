import { execFileSync } from 'node:child_process'
import { closeSync, fstatSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { freshFolder } from './processes.ts'

export interface SmallDisk {
  path: string
  /** Takes the room that is left, as another program's files do, but for so many bytes. */
  fill(leftBytes?: number): void
  /** Gives that room back. */
  clear(): void
  remove(): void
}

const PIECE = Buffer.alloc(64 * 1024, 1)

/** A file system of so many MiB, in memory. Needs root, as the packages that the tests install do. */
export function smallDisk(mib: number): SmallDisk {
  const folder = freshFolder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', folder.path], { stdio: 'pipe' })
  } catch (error) {
    folder.remove()
    throw new Error(`no small disk can be mounted, and this test needs one: run it as root (${String(error)})`, {
      cause: error,
    })
  }
  const filler = join(folder.path, 'filler')
  return {
    path: folder.path,
    fill(leftBytes = 0) {
      const file = openSync(filler, 'a')
      try {
        for (;;) writeSync(file, PIECE)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        ftruncateSync(file, Math.max(0, fstatSync(file).size - leftBytes))
      } finally {
        closeSync(file)
      }
    },
    clear: () => rmSync(filler, { force: true }),
    remove() {
      execFileSync('umount', [folder.path])
      folder.remove()
    },
  }
}
