import { statSync } from 'node:fs'
import { join } from 'node:path'
import { sqlQueue } from '@warren/collector'
import { nodeSqlite } from '@warren/collector/node'
import { encodeTime, SORTED_ALPHABET } from '@warren/protocol'
import { freshFolder } from '../support/processes.ts'
import { fillWindow } from './collector-window.ts'
import { median, round } from './statistics.ts'

const UUIDS = 1_000_000
const COMMITS = 300
const EVENTS_A_COMMIT = 500
const RUNS = 5

/**
 * What "once" costs: bytes on disk an event, and the time of a commit that remembers every uuid against one that
 * writes the same events and remembers none.
 */
export async function* benchOnce(): AsyncGenerator<object> {
  const folder = freshFolder()
  try {
    const empty = fillWindow(folder.path, 'shop', 0)()
    const before = statSync(empty).size
    const fresh = fillWindow(folder.path, 'other', UUIDS)
    const bytes = (statSync(fresh()).size - before) / UUIDS
    const ratios: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const without = writeOnly(join(folder.path, `without-${run}.db`))
      const withOnce = await enqueue(fresh())
      ratios.push(without / withOnce)
    }
    yield {
      name: `commits a second that remember ${EVENTS_A_COMMIT} uuids, against commits that remember none`,
      ratio: round(median(ratios)),
      runs: ratios.map(round),
      bytesAnEvent: round(bytes),
    }
  } finally {
    folder.remove()
  }
}

function events() {
  const time = Date.now()
  return Array.from({ length: EVENTS_A_COMMIT }, () => {
    let uuid = encodeTime(time)
    for (let n = 0; n < 13; n++) uuid += SORTED_ALPHABET.charAt(Math.floor(Math.random() * 64))
    const json = JSON.stringify({ uuid, eventKey: 'c_buy', time, args: { c_price: 1420, note: 'n'.repeat(500) } })
    return { uuid, lane: 'default/unmatched', json, bytes: json.length }
  })
}

/** How long the commits take, in milliseconds. */
async function enqueue(path: string): Promise<number> {
  const queue = sqlQueue(nodeSqlite(path), { defer: setImmediate })
  const batches = Array.from({ length: COMMITS }, events)
  const startedAt = performance.now()
  for (const batch of batches) await queue.enqueue('shop', batch)
  const ms = performance.now() - startedAt
  await queue.close()
  return ms
}

/** The same events in the same commits, past the queue. */
function writeOnly(path: string): number {
  const driver = nodeSqlite(path)
  sqlQueue(driver)
  const batches = Array.from({ length: COMMITS }, events)
  const startedAt = performance.now()
  for (const batch of batches) {
    const body = batch.map(({ json }) => json).join('\n')
    driver.transaction(() => {
      driver.run(
        `INSERT INTO packs (lane, at, events, bytes, body, source) VALUES (1, 0, ?, ?, ?, 1)`,
        batch.length,
        body.length,
        body,
      )
    })
  }
  const ms = performance.now() - startedAt
  driver.close()
  return ms
}
