import { describe, expect, it } from 'vitest'
import { nodeSqlite } from '../node/sqlite.ts'
import { freshFile, LANE, PLENTY, sqlStage, watched } from '../testing/sql-stage.ts'
import { GRAVE, richEntry, uuidsOf } from './conformance.ts'
import { sqlQueue } from './sql.ts'

describe('sqlQueue', () => {
  const stage = sqlStage()
  const { count, drain, entries, lease, reopen } = stage

  it('a migration that fails half-way leaves nothing of it', async () => {
    const other = freshFile()
    const broken = watched(nodeSqlite(other.path))
    try {
      broken.failAt('CREATE INDEX seen_other')
      expect(() => sqlQueue(broken.driver)).toThrow('disk I/O error')
      broken.failAt(undefined)
      const whole = sqlQueue(broken.driver)
      expect(await whole.enqueue('s', entries(0, 1))).toEqual({ fresh: 1, repeated: 0 })
      await whole.close()
    } finally {
      other.remove()
    }
  })

  it.each([
    'COMMIT',
    'INSERT INTO packs',
    'INSERT INTO lanes',
    'UPDATE lanes',
    'INSERT OR IGNORE INTO sources',
    'INSERT INTO seen_other',
    'DELETE FROM seen_other',
  ])('a commit that fails at %s takes nothing, and the next one works', async (statement) => {
    // The table for others' lanes and sources is empty: both are first seen in the commit that fails.
    stage.disk.failAt(statement)
    const failed = await Promise.allSettled([
      stage.queue.enqueue('s', entries(0, 3)),
      stage.queue.enqueue('t', entries(0, 2, 'b/matched')),
    ])
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(['packs', 'lanes', 'sources', 'seen_other'].map(count)).toEqual([0, 0, 0, 0])
    stage.disk.failAt(undefined)
    expect((await stage.queue.lanes()).map(({ events }) => events)).toEqual([])

    // Another order than the first time, so that numbers given inside it would now mean another.
    expect(await stage.queue.enqueue('t', entries(0, 2, 'b/matched'))).toEqual({ fresh: 2, repeated: 0 })
    expect(await stage.queue.enqueue('s', entries(0, 3))).toEqual({ fresh: 3, repeated: 0 })
    await reopen()
    expect(Object.fromEntries((await stage.queue.lanes()).map(({ lane, events }) => [lane, events]))).toEqual({
      [LANE]: 3,
      'b/matched': 2,
    })
    expect(await drain()).toEqual(['order-0', 'order-1', 'order-2'])
    expect(await stage.queue.enqueue('s', entries(0, 3))).toEqual({ fresh: 0, repeated: 3 })
    expect(uuidsOf(await lease(PLENTY, 1, 'b/matched'))).toEqual(['order-0', 'order-1'])
  })

  it.each(['COMMIT', 'DELETE FROM packs', 'INSERT INTO settled', 'UPDATE lanes'])(
    'a settlement that fails at %s settles nothing, and can be said again',
    async (statement) => {
      await stage.queue.enqueue('s', entries(0, 3))
      await stage.queue.enqueue('s', entries(3, 5))
      const held = await lease({ events: 4, bytes: 10_000 })
      const settlements = [{ lease: held?.id ?? 0, verdict: 'ack' as const }]
      stage.disk.failAt(statement)
      await expect(stage.queue.settle(settlements)).rejects.toThrow('disk I/O')
      expect((await stage.queue.lanes())[0]).toMatchObject({ events: 5, ready: 1 })
      stage.disk.failAt(undefined)
      await stage.queue.settle(settlements)
      expect((await stage.queue.lanes())[0]).toMatchObject({ events: 1, ready: 1 })
      await reopen()
      expect((await stage.queue.lanes())[0]).toMatchObject({ events: 1, ready: 1 })
      expect(await drain()).toEqual(['order-4'])
    },
  )

  it.each([
    'COMMIT',
    'INSERT INTO dead',
    'INSERT OR IGNORE INTO dead_identities',
    'SET dead_events',
    'SET note',
    'SELECT body',
  ])('a burial that fails at %s buries nothing and notes nothing, and can be said again', async (statement) => {
    await stage.queue.enqueue('s', [richEntry('0', { identity: { openid: 'x' } }), ...entries(1, 3)])
    const held = await lease()
    const settle = () =>
      stage.queue.settle(
        [
          { lease: held?.id ?? 0, verdict: 'bury', places: [0], ...GRAVE },
          { lease: held?.id ?? 0, verdict: 'retry', places: [1], afterMs: 5 },
          { lease: held?.id ?? 0, verdict: 'ack' },
        ],
        new Map([[LANE, 'noted']]),
      )
    stage.disk.failAt(statement)
    await expect(settle()).rejects.toThrow('disk I/O')
    expect(['dead', 'dead_identities', 'settled'].map(count)).toEqual([0, 0, 0])
    expect((await stage.queue.lanes())[0]).toMatchObject({ events: 3, ready: 0 })
    expect((await stage.queue.lanes())[0]).not.toHaveProperty('note')
    stage.disk.failAt(undefined)
    await settle()
    await reopen()
    expect((await stage.queue.lanes())[0]).toMatchObject({ events: 1, note: 'noted' })
    expect((await stage.queue.dead.list({ identity: 'x' })).letters).toHaveLength(1)
    expect(await drain()).toEqual(['order-1'])
  })

  it.each([
    'COMMIT',
    'INSERT INTO packs',
    'DELETE FROM dead',
    'DELETE FROM dead_identities',
    'SET dead_events',
    'INTO seen_other',
  ])('a revive that fails at %s moves nothing, and can be said again', async (statement) => {
    await stage.queue.enqueue('s', [richEntry('0', { identity: { openid: 'x' } })])
    await stage.queue.settle([{ lease: (await lease())?.id ?? 0, verdict: 'bury', ...GRAVE }])
    const { letters } = await stage.queue.dead.list({})
    stage.disk.failAt(statement)
    await expect(stage.queue.dead.revive(letters)).rejects.toThrow('disk I/O')
    expect(['packs', 'dead', 'dead_identities'].map(count)).toEqual([0, 1, 1])
    expect((await stage.queue.lanes())[0]).toMatchObject({ events: 0 })
    stage.disk.failAt(undefined)
    expect(await stage.queue.dead.revive(letters)).toBe(1)
    expect(['packs', 'dead', 'dead_identities'].map(count)).toEqual([1, 0, 0])
    expect(await drain()).toEqual(['0'])
  })

  it('a discard that fails leaves the letter, and can be said again', async () => {
    await stage.queue.enqueue('s', [richEntry('0')])
    await stage.queue.settle([{ lease: (await lease())?.id ?? 0, verdict: 'bury', ...GRAVE }])
    const { letters } = await stage.queue.dead.list({})
    const ids = letters.map(({ id }) => id)
    stage.disk.failAt('COMMIT')
    await expect(stage.queue.dead.discard(ids)).rejects.toThrow('disk I/O')
    expect((await stage.queue.dead.totals())[0]).toMatchObject({ events: 1 })
    stage.disk.failAt(undefined)
    expect(await stage.queue.dead.discard(ids)).toBe(1)
    expect(await stage.queue.dead.totals()).toEqual([])
  })

  it('a lease whose reading fails loses no event to the reader', async () => {
    await stage.queue.enqueue('s', entries(0, 3))
    await stage.queue.enqueue('s', entries(3, 5))
    stage.disk.failAt('id BETWEEN')
    await expect(lease()).rejects.toThrow('disk I/O')
    stage.disk.failAt(undefined)
    const held = await lease(PLENTY, 1000)
    expect(uuidsOf(held)).toHaveLength(5)
    stage.clock += 1000
    stage.disk.failAt('SELECT body')
    await expect(lease(PLENTY, 1000)).rejects.toThrow('disk I/O')
    stage.disk.failAt(undefined)
    stage.clock += 1000
    expect(uuidsOf(await lease())).toHaveLength(5)
  })

  it('half-read packs are read again where a later one fails', async () => {
    await stage.queue.enqueue('s', entries(0, 3))
    await reopen()
    await stage.queue.enqueue('s', entries(3, 6))
    stage.disk.failAt('FROM settled')
    await expect(lease()).rejects.toThrow('disk I/O')
    stage.disk.failAt(undefined)
    expect(await drain()).toHaveLength(6)
  })

  it('proves by an empty commit that it can write', async () => {
    await stage.queue.enqueue('', [])
    stage.disk.failAt('UPDATE meta')
    await expect(stage.queue.enqueue('', [])).rejects.toThrow('disk I/O')
  })
})
