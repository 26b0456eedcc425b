import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { LANE, sqlStage, START } from '../testing/sql-stage.ts'
import { entry, madeAt } from './conformance.ts'

const DAY_MS = 86_400_000

describe('sqlQueue', () => {
  const stage = sqlStage()
  const { count, drain, entries, lease } = stage

  it('commits many waiting requests and settlements in one transaction', async () => {
    await stage.queue.enqueue('s', entries(0, 2))
    const held = await lease()
    stage.disk.seen.transactions = 0
    const results = await Promise.all([
      ...Array.from({ length: 50 }, (_, i) => stage.queue.enqueue(`s${i % 3}`, [entry(`x-${i}`)])),
      stage.queue.settle([{ lease: held?.id ?? 0, verdict: 'ack' }]),
    ])
    expect(results).toHaveLength(51)
    expect(stage.disk.seen.transactions).toBe(1)
    // One a source.
    expect(count('packs')).toBe(3)
    // And a batch that only comes back needs none.
    const back = await lease()
    await stage.queue.settle([{ lease: back?.id ?? 0, verdict: 'retry', afterMs: 1 }])
    expect(stage.disk.seen.transactions).toBe(1)
  })

  it('binds at most 100 parameters, whatever the batch', async () => {
    await stage.queue.enqueue(
      's',
      Array.from({ length: 2000 }, (_, i) => (i % 2 ? entry(`o-${i}`) : entry(madeAt(START, String(i))))),
    )
    const held = await lease({ events: 2000, bytes: 10_000_000 })
    expect(held?.events).toHaveLength(2000)
    await stage.queue.settle([
      { lease: held?.id ?? 0, verdict: 'ack', places: Array.from({ length: 1000 }, (_, i) => 2 * i) },
    ])
    await stage.queue.settle([{ lease: held?.id ?? 0, verdict: 'ack' }])
    expect(stage.disk.seen.mostParameters).toBeGreaterThan(0)
    expect(stage.disk.seen.mostParameters).toBeLessThanOrEqual(100)
  })

  it('cuts what one commit brings into packs of at most 500 events and 1 MiB', async () => {
    const large = Array.from({ length: 50 }, (_, i) => entry(`large-${i}`, LANE, 'x'.repeat(30_000)))
    await stage.queue.enqueue('s', [...entries(0, 1200), ...large])
    const database = new DatabaseSync(stage.file.path, { readOnly: true })
    const packs = database.prepare(`SELECT events, bytes, LENGTH(CAST(body AS BLOB)) AS size FROM packs`).all()
    database.close()
    expect(packs.map(({ events }) => Number(events)).reduce((a, b) => a + b)).toBe(1250)
    for (const { events, bytes, size } of packs) {
      expect(Number(events)).toBeLessThanOrEqual(500)
      expect(Number(bytes)).toBeLessThanOrEqual(1024 * 1024)
      expect(Number(size)).toBe(Number(bytes) + Number(events) - 1)
    }
    expect(await drain()).toHaveLength(1250)
  })

  it('removes from both tables what is out of the window', async () => {
    const uuids = Array.from({ length: 1500 }, (_, i) => [`order-${i}`, madeAt(START, String(i))]).flat()
    await stage.queue.enqueue(
      's',
      uuids.map((uuid) => entry(uuid)),
    )
    await stage.queue.enqueue('t', [entry(madeAt(START))])
    expect([count('seen_other'), count('seen_ordered')]).toEqual([1500, 1501])
    stage.clock = START + 15 * DAY_MS - 1
    await stage.queue.enqueue('', [])
    expect(count('seen_other')).toBe(1500)
    stage.clock = START + 16 * DAY_MS
    for (let i = 0; i < 4; i++) await stage.queue.enqueue('', [])
    expect([count('seen_other'), count('seen_ordered')]).toEqual([0, 1501])
    stage.clock = START + 23 * DAY_MS + 1
    for (let i = 0; i < 4; i++) await stage.queue.enqueue('', [])
    expect([count('seen_other'), count('seen_ordered')]).toEqual([0, 0])
    // The events themselves are another matter.
    expect(await drain()).toHaveLength(3001)
  })
})

describe('sqlQueue with a bound', () => {
  const stage = sqlStage({ limits: { events: 3 } })
  const { drain, entries, lease, reopen } = stage

  it('does not count what a failed commit would have brought or taken', async () => {
    stage.disk.failAt('COMMIT')
    await expect(stage.queue.enqueue('s', entries(0, 3))).rejects.toThrow('disk I/O')
    stage.disk.failAt(undefined)
    await stage.queue.enqueue('s', entries(0, 3))
    const held = await lease({ events: 2, bytes: 10_000 })
    stage.disk.failAt('COMMIT')
    await expect(stage.queue.settle([{ lease: held?.id ?? 0, verdict: 'ack' }])).rejects.toThrow('disk I/O')
    stage.disk.failAt(undefined)
    await expect(stage.queue.enqueue('s', entries(3, 4))).rejects.toThrow(
      'the queue is full: it holds 3 events of at most 3',
    )
  })

  it('takes what comes with the settlement that makes room for it', async () => {
    await stage.queue.enqueue('s', entries(0, 3))
    const held = await lease({ events: 2, bytes: 10_000 })
    const [, taken] = await Promise.all([
      stage.queue.settle([{ lease: held?.id ?? 0, verdict: 'ack' }]),
      stage.queue.enqueue('s', entries(3, 5)),
    ])
    expect(taken).toEqual({ fresh: 2, repeated: 0 })
  })

  it('that is set lower than what it holds opens, delivers, and takes again once it is below', async () => {
    await stage.queue.enqueue('s', entries(0, 3))
    await reopen({ limits: { events: 1 } })
    await expect(stage.queue.enqueue('s', entries(3, 4))).rejects.toThrow('it holds 3 events of at most 1')
    expect(await drain()).toEqual(['order-0', 'order-1', 'order-2'])
    expect(await stage.queue.enqueue('s', entries(3, 4))).toEqual({ fresh: 1, repeated: 0 })
  })
})
