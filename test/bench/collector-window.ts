import { copyFileSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { nodeSqlite } from '@warren/collector/node'
import { sqlQueue } from '@warren/collector'
import { DEDUPE_WINDOW_MS, encodeTime, SORTED_ALPHABET } from '@warren/protocol'

/** What statfs says of a file system in memory, on Linux. */
const TMPFS = 0x01021994

/**
 * A database whose dedupe window holds `uuids` time-ordered uuids of the source, spread over its 15 days; written
 * past the queue, since it would take minutes through it. Gives a function that makes a fresh copy.
 * @throws where the folder is in memory: a sync to disk is half of what is measured.
 */
export function fillWindow(folder: string, source: string, uuids: number): () => string {
  if (statfsSync(folder).type === TMPFS) {
    throw new Error(`${folder} is in memory: set TMPDIR to a folder on a disk`)
  }
  const full = join(folder, 'window.db')
  const driver = nodeSqlite(full)
  // Makes the tables, as any collector does.
  sqlQueue(driver)
  driver.run(`INSERT INTO sources (name) VALUES (?)`, source)
  const [row] = driver.all<{ id: number }>(`SELECT id FROM sources WHERE name = ?`, source)
  const now = Date.now()
  driver.transaction(() => {
    for (let n = 0; n < uuids; n++) {
      const madeAt = now - DEDUPE_WINDOW_MS + Math.floor((DEDUPE_WINDOW_MS * n) / uuids)
      driver.run(`INSERT INTO seen_ordered VALUES (?, ?)`, row?.id ?? 0, encodeTime(madeAt) + randomChars())
    }
  })
  driver.close()

  let copies = 0
  return () => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, `run-${copies}.db${suffix}`), { force: true })
    const copy = join(folder, `run-${++copies}.db`)
    copyFileSync(full, copy)
    return copy
  }
}

/** The random part of a uuid; `Math.random` will do where nobody is to be kept from guessing. */
function randomChars(): string {
  let text = ''
  for (let n = 0; n < 13; n++) text += SORTED_ALPHABET.charAt(Math.floor(Math.random() * 64))
  return text
}
