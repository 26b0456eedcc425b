import { DatabaseSync } from 'node:sqlite'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { nodeSqlite } from '../node/sqlite.ts'
import { inFreshFile, LANE, PLENTY, sqlStage } from '../testing/sql-stage.ts'
import { deadLettersConformance, entry, eventQueueConformance, uuidsOf } from './conformance.ts'
import type { Compression } from './compression.ts'
import { sqlQueue, type SqlQueueOptions } from './sql.ts'

/** Every pack, however small: the tests' events are. */
const COMPRESSION: Compression = {
  fromBytes: 0,
  compress: (bytes) => deflateRawSync(bytes),
  decompress: (bytes) => inflateRawSync(bytes),
}

const openSql = (more: Pick<SqlQueueOptions, 'compression'> = {}) =>
  inFreshFile((path, options) => sqlQueue(nodeSqlite(path), { ...options, ...more, defer: setImmediate }))

eventQueueConformance('sqlQueue on node:sqlite', openSql())
deadLettersConformance('sqlQueue on node:sqlite', openSql())
eventQueueConformance('sqlQueue that compresses all', openSql({ compression: COMPRESSION }))

describe('sqlQueue', () => {
  const stage = sqlStage()
  const { count, drain, entries, lease, open, reopen } = stage

  it('gives back after reopening what was not acknowledged, partly settled packs among it', async () => {
    await stage.queue.enqueue('s', entries(0, 10))
    await stage.queue.enqueue('s', entries(10, 13))
    const held = await lease({ events: 6, bytes: 10_000 })
    await stage.queue.settle([{ lease: held?.id ?? 0, verdict: 'ack', places: [0, 2, 3] }])
    await reopen()
    const left = [1, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((n) => `order-${n}`)
    expect((await stage.queue.lanes())[0]).toMatchObject({ events: 10, ready: 10 })
    expect(await stage.queue.enqueue('s', [entry('order-0'), entry('order-1')])).toEqual({ fresh: 0, repeated: 2 })

    // The rest of an old pack is cut by two leases, each of which settles a part.
    const again = await lease({ events: 4, bytes: 10_000 })
    expect(uuidsOf(again)).toEqual(left.slice(0, 4))
    await stage.queue.settle([{ lease: again?.id ?? 0, verdict: 'ack', places: [1, 3] }])
    const next = await lease({ events: 4, bytes: 10_000 })
    expect(uuidsOf(next)).toEqual(left.slice(4, 8))
    await stage.queue.settle([{ lease: next?.id ?? 0, verdict: 'ack' }])
    await reopen()
    expect(await drain()).toEqual(['order-1', 'order-5', 'order-11', 'order-12'])
    expect((await stage.queue.lanes())[0]).toEqual({ lane: LANE, events: 0, bytes: 0, ready: 0, readyBytes: 0 })
    expect([count('packs'), count('settled')]).toEqual([0, 0])
  })

  it('a pack that is removed lends its number to no other', async () => {
    await stage.queue.enqueue('s', entries(0, 3))
    expect(await drain()).toHaveLength(3)
    await stage.queue.enqueue('s', entries(3, 6))
    expect(await drain()).toEqual(['order-3', 'order-4', 'order-5'])
    await reopen()
    await stage.queue.enqueue('s', entries(6, 8))
    expect(await drain()).toEqual(['order-6', 'order-7'])
  })

  it('refuses a database with compressed packs where it has no compression, and reads plain ones where it has', async () => {
    await stage.queue.enqueue('s', entries(0, 2))
    await stage.queue.close()
    const compressing = sqlQueue(nodeSqlite(stage.file.path), { compression: COMPRESSION, defer: setImmediate })
    await compressing.enqueue('s', entries(2, 4))
    await compressing.close()
    const driver = nodeSqlite(stage.file.path)
    expect(() => sqlQueue(driver)).toThrow('compressed by a newer Node')
    // Where it was told that there can be none it opens, and refuses what it comes upon.
    const mistaken = sqlQueue(driver, { isNeverCompressed: true, defer: setImmediate })
    await expect(mistaken.lease(LANE, PLENTY, 1000)).rejects.toThrow('compressed by a newer Node')
    await mistaken.close()
    const again = sqlQueue(nodeSqlite(stage.file.path), { compression: COMPRESSION, defer: setImmediate })
    expect(uuidsOf(await again.lease(LANE, PLENTY, 1000))).toEqual(['order-0', 'order-1', 'order-2', 'order-3'])
    await again.close()
  })

  it('refuses a database that a newer Warren wrote, and says what to do', async () => {
    await stage.queue.close()
    const newer = new DatabaseSync(stage.file.path)
    newer.exec(`UPDATE meta SET value = 99 WHERE key = 'version'`)
    newer.close()
    const driver = nodeSqlite(stage.file.path)
    expect(() => sqlQueue(driver)).toThrow(
      'the database is of version 99, and this Warren knows 3: start the newer Warren that wrote it',
    )
    driver.close()
    const back = new DatabaseSync(stage.file.path)
    back.exec(`UPDATE meta SET value = 3 WHERE key = 'version'`)
    back.close()
    open()
    expect(await stage.queue.enqueue('s', entries(0, 1))).toEqual({ fresh: 1, repeated: 0 })
  })
})
