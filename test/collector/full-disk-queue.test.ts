import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { QueueFullError } from '@warren/collector'
import { sqliteQueue, type SqliteQueue } from '@warren/collector/node'
import { smallDisk, type SmallDisk } from '../support/small-disk.ts'

const LANE = 'a/unmatched'
const RESERVE_BYTES = 4 * 1024 * 1024
/** What the events of the first test have. */
const ROOM_BYTES = 20 * 1024 * 1024
// Without a low mark only the full disk itself stops it. The high mark cannot be reached before others give room back:
// how much comes free by bringing the WAL home is a matter of chance.
const room = { reserveBytes: RESERVE_BYTES, lowBytes: -Infinity, highBytes: ROOM_BYTES }

let disk: SmallDisk
let queue: SqliteQueue
const file = () => join(disk.path, 'warren.db')
const reserve = () => statSync(`${file()}-reserve`).size
beforeEach(() => {
  disk = smallDisk(64)
  queue = sqliteQueue(file(), { room })
})
afterEach(async () => {
  await queue.close()
  disk.remove()
})

let made = 0
/** Nothing that could be compressed. */
const filling = () => randomBytes(300).toString('base64')
function entries(count: number) {
  return Array.from({ length: count }, () => {
    const uuid = `order-${made++}`
    const json = JSON.stringify({ uuid, filling: filling() })
    return { uuid, lane: LANE, json, bytes: json.length }
  })
}

/** Takes events until the disk is full; gives the uuids of those that were acknowledged. */
async function takeUntilFull(): Promise<string[]> {
  const acknowledged: string[] = []
  for (;;) {
    const batch = entries(100)
    try {
      await queue.enqueue('s', batch)
    } catch (error) {
      expect(error).toBeInstanceOf(QueueFullError)
      return acknowledged
    }
    acknowledged.push(...batch.map(({ uuid }) => uuid))
  }
}

async function deliver(max = Infinity): Promise<string[]> {
  const delivered: string[] = []
  while (delivered.length < max) {
    const held = await queue.lease(LANE, { events: 500, bytes: 1_000_000 }, 60_000)
    if (!held) break
    await queue.settle([{ lease: held.id, verdict: 'ack' }], new Map([[LANE, `${delivered.length}`]]))
    delivered.push(...held.events.map((line) => (JSON.parse(line) as { uuid: string }).uuid))
  }
  return delivered
}

it('records every delivery on a full disk, takes nothing new meanwhile, and recovers by itself', async () => {
  disk.fill(ROOM_BYTES)
  const first = await takeUntilFull()
  expect(first.length).toBeGreaterThan(1000)
  expect(reserve()).toBe(0)
  const delivered = await deliver(2000)
  // It has looked at the disk again by then, which it does every 250 ms, and has brought the WAL home.
  await new Promise((later) => setTimeout(later, 300))
  await expect(queue.enqueue('s', entries(1))).rejects.toThrow(QueueFullError)

  // A restart on the short disk finds the rest, and goes on.
  await queue.close()
  queue = sqliteQueue(file(), { room })
  expect((await queue.lanes())[0]).toMatchObject({ events: first.length - delivered.length })
  delivered.push(...(await deliver()))
  expect(delivered).toHaveLength(first.length)
  expect(new Set(delivered)).toEqual(new Set(first))

  // Once there is room again it takes events, with its reserve in place.
  disk.clear()
  await expect.poll(() => queue.enqueue('s', entries(1)).catch(() => undefined)).toEqual({ fresh: 1, repeated: 0 })
  expect(reserve()).toBe(RESERVE_BYTES)
  expect(await deliver()).toHaveLength(1)
})

it('bears a disk that others fill, and a start on it', async () => {
  const batch = entries(2000)
  for (let i = 0; i < batch.length; i += 100) await queue.enqueue('s', batch.slice(i, i + 100))
  disk.fill()
  const rest = await takeUntilFull()
  const acknowledged = [...batch.map(({ uuid }) => uuid), ...rest]
  const delivered = await deliver(1000)
  await queue.close()
  // The reserve's room is gone as well.
  disk.fill()
  expect(() => {
    queue = sqliteQueue(file(), { room })
  }).toThrow('the disk is full')
  disk.clear()
  queue = sqliteQueue(file(), { room })
  delivered.push(...(await deliver()))
  expect(delivered.toSorted()).toEqual(acknowledged.toSorted())
  const database = new DatabaseSync(file(), { readOnly: true })
  expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  database.close()
})

it('refuses before the disk is full where it has a low mark, and keeps the reserve', async () => {
  await queue.close()
  queue = sqliteQueue(file(), {
    room: { reserveBytes: RESERVE_BYTES, lowBytes: 4 * 1024 * 1024, highBytes: 8 * 1024 * 1024 },
  })
  disk.fill(2 * 1024 * 1024)
  await expect
    .poll(() =>
      queue.enqueue('s', []).then(
        () => '',
        (error: unknown) => String(error),
      ),
    )
    .toContain('new events are taken again from 8 MiB on')
  expect(reserve()).toBe(RESERVE_BYTES)
  disk.clear()
  await expect.poll(() => queue.enqueue('s', entries(1)).catch(() => undefined)).toEqual({ fresh: 1, repeated: 0 })
})
