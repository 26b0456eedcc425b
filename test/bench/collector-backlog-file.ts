import { copyFileSync, rmSync } from 'node:fs'
import { sqlQueue } from '@warren/collector'
import { nodeSqlite } from '@warren/collector/node'
import { encodeTime } from '@warren/protocol'

/** Events of one request: as many as a commit brings when it is busy. */
const BATCH = 500

/**
 * Puts events of some 120 bytes into a lane of a database, as requests would have. It needs no sync on the way: nobody
 * is told that anything was kept.
 */
export async function fillBacklog(path: string, lane: string, events: number): Promise<void> {
  const driver = nodeSqlite(path)
  driver.exec('PRAGMA synchronous = OFF')
  const queue = sqlQueue(driver, { defer: setImmediate })
  const time = Date.now()
  for (let made = 0; made < events; made += BATCH) {
    const entries = Array.from({ length: Math.min(BATCH, events - made) }, (_, n) => {
      const uuid = encodeTime(time + Math.floor((made + n) / 100)) + String(made + n).padStart(13, '0')
      const json = JSON.stringify({ uuid, eventKey: 'c_buy', time, args: { c_goods: 'washer', c_price: 1420 } })
      return { uuid, lane, json, bytes: json.length }
    })
    await queue.enqueue('shop', entries)
  }
  await queue.close()
}

/** A database that may be written to, as one that was prepared. */
export function copyDatabase(from: string, to: string): string {
  for (const suffix of ['-wal', '-shm', '-reserve', '-lock']) rmSync(to + suffix, { force: true })
  copyFileSync(from, to)
  return to
}
