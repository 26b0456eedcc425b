import { beforeEach, describe, expect, it } from 'vitest'
import { isDiskFull } from '../node/sqlite.ts'
import { diskFull, LANE, sqlStage } from '../testing/sql-stage.ts'
import { entry, GRAVE } from './conformance.ts'
import { QueueFullError } from './ports.ts'

/** A disk that is full as long as it is told to be, but for a reserve. */
const disk = { reserve: true, words: undefined as string | undefined }

describe('sqlQueue on a full disk', () => {
  const stage = sqlStage({
    disk: {
      isFull: isDiskFull,
      giveBack() {
        const had = disk.reserve
        disk.reserve = false
        // With its room the settlements fit.
        if (had) stage.disk.failAs(undefined)
        return had
      },
      shortOf: () => disk.words,
    },
  })
  const { count, drain, entries, lease, reopen } = stage
  beforeEach(() => {
    disk.reserve = true
    disk.words = undefined
  })
  const fill = (part: string) => stage.disk.failAs((sql) => (sql.includes(part) ? diskFull() : undefined))
  const isRefused = (result: PromiseSettledResult<unknown>) =>
    result.status === 'rejected' && result.reason instanceof QueueFullError

  it.each(['COMMIT', 'DELETE', 'UPDATE', 'INSERT'])(
    'gives the reserve back where %s finds no room, records what was delivered, and refuses what is new',
    async (statement) => {
      await stage.queue.enqueue('s', entries(0, 2))
      await stage.queue.enqueue('s', entries(2, 4))
      const id = (await lease())?.id ?? 0
      fill(statement)
      const results = await Promise.allSettled([
        stage.queue.enqueue('s', entries(4, 6)),
        stage.queue.settle(
          [
            { lease: id, verdict: 'bury', places: [0], ...GRAVE },
            { lease: id, verdict: 'retry', places: [1], afterMs: 0 },
            { lease: id, verdict: 'ack' },
          ],
          new Map([[LANE, 'noted']]),
        ),
        stage.queue.enqueue('t', entries(0, 1)),
      ])
      expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected'])
      expect([isRefused(results[0]), isRefused(results[2])]).toEqual([true, true])
      expect(disk.reserve).toBe(false)
      await reopen()
      expect((await stage.queue.lanes())[0]).toMatchObject({ events: 1, note: 'noted' })
      expect((await stage.queue.dead.totals())[0]).toMatchObject({ events: 1 })
      // What was refused is not known.
      expect(await stage.queue.enqueue('s', entries(4, 6))).toEqual({ fresh: 2, repeated: 0 })
      expect(await drain()).toEqual(['order-1', 'order-4', 'order-5'])
    },
  )

  it('without a reserve rejects the settlement, which can be said again once there is room', async () => {
    disk.reserve = false
    await stage.queue.enqueue('s', entries(0, 2))
    const held = await lease()
    const settle = () => stage.queue.settle([{ lease: held?.id ?? 0, verdict: 'ack' }])
    fill('')
    const results = await Promise.allSettled([stage.queue.enqueue('s', entries(2, 3)), settle()])
    expect(isRefused(results[0])).toBe(true)
    expect(results[1]).toMatchObject({ status: 'rejected', reason: { errcode: 13 } })
    stage.disk.failAs(undefined)
    expect((await stage.queue.lanes())[0]).toMatchObject({ events: 2, ready: 0 })
    await settle()
    expect((await stage.queue.lanes())[0]).toMatchObject({ events: 0 })
    expect(await stage.queue.enqueue('s', entries(2, 3))).toEqual({ fresh: 1, repeated: 0 })
  })

  it('rolls back where the database has done so already', async () => {
    // SQLite rolls a transaction back by itself where a statement finds the disk full.
    await stage.queue.enqueue('s', entries(0, 1))
    stage.disk.failAs((sql) => {
      if (!sql.startsWith('INSERT INTO packs')) return undefined
      stage.disk.failAs(undefined)
      stage.disk.driver.exec('ROLLBACK')
      return diskFull()
    })
    await expect(stage.queue.enqueue('s', entries(1, 2))).rejects.toThrow(QueueFullError)
    expect(await stage.queue.enqueue('s', entries(1, 2))).toEqual({ fresh: 1, repeated: 0 })
    expect(await drain()).toEqual(['order-0', 'order-1'])
  })

  it('while the disk is short refuses what is new before it begins, and goes on with the rest', async () => {
    await stage.queue.enqueue('s', entries(0, 2))
    const held = await lease({ events: 1, bytes: 1 })
    await stage.queue.settle([{ lease: held?.id ?? 0, verdict: 'bury', ...GRAVE }])
    const { letters } = await stage.queue.dead.list({})
    disk.words = 'the disk is nearly full'
    stage.disk.seen.transactions = 0
    for (const taking of [
      stage.queue.enqueue('s', [entry('new')]),
      stage.queue.enqueue('s', []),
      stage.queue.dead.revive(letters),
    ]) {
      await expect(taking).rejects.toThrow('the disk is nearly full')
    }
    expect(stage.disk.seen.transactions).toBe(0)
    expect(await drain()).toEqual(['order-1'])
    expect(await stage.queue.dead.discard(letters.map(({ id }) => id))).toBe(1)
    disk.words = undefined
    expect(await stage.queue.enqueue('s', [entry('new')])).toEqual({ fresh: 1, repeated: 0 })
  })

  it('frees room on a full disk when a letter is discarded, and lets none come back', async () => {
    await stage.queue.enqueue('s', entries(0, 2))
    await stage.queue.settle([{ lease: (await lease())?.id ?? 0, verdict: 'bury', ...GRAVE }])
    const [one, other] = (await stage.queue.dead.list({})).letters
    fill('COMMIT')
    const results = await Promise.allSettled([
      stage.queue.dead.revive([{ id: one?.id ?? 0 }]),
      stage.queue.dead.discard([other?.id ?? 0]),
    ])
    expect(isRefused(results[0])).toBe(true)
    expect(results[1]).toEqual({ status: 'fulfilled', value: 1 })
    expect(count('dead')).toBe(1)
  })
})
