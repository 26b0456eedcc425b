import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'

/** What an ordinary user can still write to the file system that holds a file. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path))
  return bavail * bsize
}
