import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import * as sqlite from 'node:sqlite'

/** Pages copied in one go, 4 KiB each: between two the copying process can be stopped. */
const PAGES_A_STEP = 1000

/**
 * Copies a database while a collector may be at work on it: the copy holds all that was acknowledged before this began,
 * and is a whole database of its own. It appears under its name once it is complete and on disk.
 * @throws where there is no database at `from`, or there is anything at `to` already.
 */
export async function backupDatabase(from: string, to: string): Promise<void> {
  const source = new sqlite.DatabaseSync(from, { readOnly: true })
  try {
    claim(to)
    const unfinished = `${to}.partial`
    try {
      rmSync(unfinished, { force: true })
      await copy(source, unfinished)
      sync(unfinished)
      renameSync(unfinished, to)
      sync(dirname(to))
    } catch (error) {
      rmSync(unfinished, { force: true })
      rmSync(to, { force: true })
      throw error
    }
  } finally {
    source.close()
  }
}

/** Takes the name, so that nothing that is there is written over and no other backup takes it meanwhile. */
function claim(path: string): void {
  try {
    closeSync(openSync(path, 'wx'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new Error(`${path} is there already: give the name of a file that is not`, { cause: error })
  }
}

async function copy(source: sqlite.DatabaseSync, to: string): Promise<void> {
  // Node before 22.16 has none; Bun and Deno may not.
  if (!('backup' in sqlite)) {
    source.prepare('VACUUM INTO ?').run(to)
    return
  }
  // One look at the database for the whole copy: without it every commit of the collector's would begin it anew.
  source.exec('BEGIN')
  source.prepare('SELECT COUNT(*) FROM sqlite_schema').get()
  await sqlite.backup(source, to, { rate: PAGES_A_STEP })
  source.exec('COMMIT')
}

function sync(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
