import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeSqlite } from '../node/sqlite.ts'
import { entry, eventQueueConformance, madeAt, uuidsOf } from './conformance.ts'
import type { EventQueue } from './ports.ts'
import type { SqlDriver } from './sql-driver.ts'
import { sqlQueue } from './sql.ts'

const DAY_MS = 86_400_000
const START = Date.UTC(2026, 0, 1)
const LANE = 'a/unmatched'
const PLENTY = { events: 500, bytes: 1_000_000 }

function freshFile(): { path: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'warren-sql-'))
  return { path: join(folder, 'warren.db'), remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** A driver that is watched, and that fails where it is told to. */
function watched(driver: SqlDriver) {
  const seen = { transactions: 0, statements: [] as string[], mostParameters: 0 }
  let failAt: ((sql: string) => boolean) | undefined
  const check = (sql: string, parameters: readonly unknown[] = []) => {
    seen.statements.push(sql)
    seen.mostParameters = Math.max(seen.mostParameters, parameters.length)
    if (failAt?.(sql)) throw new Error(`disk I/O error at ${sql}`)
  }
  const wrapped: SqlDriver = {
    exec(sql) {
      check(sql)
      driver.exec(sql)
    },
    run(sql, ...parameters) {
      check(sql, parameters)
      return driver.run(sql, ...parameters)
    },
    all(sql, ...parameters) {
      check(sql, parameters)
      return driver.all(sql, ...parameters)
    },
    transaction(body) {
      seen.transactions++
      return driver.transaction(() => {
        const result = body()
        check('COMMIT')
        return result
      })
    },
    close: () => driver.close(),
  }
  return {
    driver: wrapped,
    seen,
    failAt(part: string | undefined) {
      failAt = part === undefined ? undefined : (sql) => sql.includes(part)
    },
  }
}

eventQueueConformance('sqlQueue on node:sqlite', ({ now }) => {
  const file = freshFile()
  const open = () => sqlQueue(nodeSqlite(file.path), { now, defer: setImmediate })
  let queue = open()
  const first = queue
  return {
    queue: first,
    async reopen() {
      await queue.close()
      return (queue = open())
    },
    async end() {
      await queue.close()
      file.remove()
    },
  }
})

describe('sqlQueue', () => {
  let clock = START
  let file: ReturnType<typeof freshFile>
  let disk: ReturnType<typeof watched>
  let queue: EventQueue
  function open() {
    disk = watched(nodeSqlite(file.path))
    queue = sqlQueue(disk.driver, { now: () => clock, defer: setImmediate })
  }
  async function reopen() {
    await queue.close()
    open()
  }
  /** Looks into the file past the queue. */
  function count(table: string): number {
    const database = new DatabaseSync(file.path, { readOnly: true })
    try {
      return Number(database.prepare(`SELECT COUNT(*) AS n FROM ${table}`).get()?.['n'])
    } finally {
      database.close()
    }
  }
  const entries = (from: number, to: number, lane = LANE) =>
    Array.from({ length: to - from }, (_, i) => entry(`order-${from + i}`, lane))
  const lease = (max = PLENTY, forMs = 60_000, lane = LANE) => queue.lease(lane, max, forMs)
  async function drain(): Promise<string[]> {
    const uuids: string[] = []
    for (;;) {
      const held = await lease()
      if (!held) return uuids
      uuids.push(...(uuidsOf(held) ?? []))
      await queue.settle([{ lease: held.id, verdict: 'ack' }])
    }
  }

  beforeEach(() => {
    clock = START
    file = freshFile()
    open()
  })
  afterEach(async () => {
    await queue.close()
    file.remove()
  })

  it('gives back after reopening what was not acknowledged, partly settled packs among it', async () => {
    await queue.enqueue('s', entries(0, 10))
    await queue.enqueue('s', entries(10, 13))
    const held = await lease({ events: 6, bytes: 10_000 })
    await queue.settle([{ lease: held?.id ?? 0, verdict: 'ack', places: [0, 2, 3] }])
    await reopen()
    const left = [1, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((n) => `order-${n}`)
    expect((await queue.lanes())[0]).toMatchObject({ events: 10, ready: 10 })
    expect(await queue.enqueue('s', [entry('order-0'), entry('order-1')])).toEqual({ fresh: 0, repeated: 2 })

    // The rest of an old pack is cut by two leases, each of which settles a part.
    const again = await lease({ events: 4, bytes: 10_000 })
    expect(uuidsOf(again)).toEqual(left.slice(0, 4))
    await queue.settle([{ lease: again?.id ?? 0, verdict: 'ack', places: [1, 3] }])
    const next = await lease({ events: 4, bytes: 10_000 })
    expect(uuidsOf(next)).toEqual(left.slice(4, 8))
    await queue.settle([{ lease: next?.id ?? 0, verdict: 'ack' }])
    await reopen()
    expect(await drain()).toEqual(['order-1', 'order-5', 'order-11', 'order-12'])
    expect((await queue.lanes())[0]).toEqual({ lane: LANE, events: 0, bytes: 0, ready: 0, readyBytes: 0 })
    expect([count('packs'), count('settled')]).toEqual([0, 0])
  })

  it('a pack that is removed lends its number to no other', async () => {
    await queue.enqueue('s', entries(0, 3))
    expect(await drain()).toHaveLength(3)
    await queue.enqueue('s', entries(3, 6))
    expect(await drain()).toEqual(['order-3', 'order-4', 'order-5'])
    await reopen()
    await queue.enqueue('s', entries(6, 8))
    expect(await drain()).toEqual(['order-6', 'order-7'])
  })

  it('refuses a database that a newer Warren wrote, and says what to do', async () => {
    await queue.close()
    const newer = new DatabaseSync(file.path)
    newer.exec(`UPDATE meta SET value = 99 WHERE key = 'version'`)
    newer.close()
    const driver = nodeSqlite(file.path)
    expect(() => sqlQueue(driver)).toThrow(
      'the database is of version 99, and this Warren knows 1: start the newer Warren that wrote it',
    )
    driver.close()
    const back = new DatabaseSync(file.path)
    back.exec(`UPDATE meta SET value = 1 WHERE key = 'version'`)
    back.close()
    open()
    expect(await queue.enqueue('s', entries(0, 1))).toEqual({ fresh: 1, repeated: 0 })
  })

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
    disk.failAt(statement)
    const failed = await Promise.allSettled([
      queue.enqueue('s', entries(0, 3)),
      queue.enqueue('t', entries(0, 2, 'b/matched')),
    ])
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(['packs', 'lanes', 'sources', 'seen_other'].map(count)).toEqual([0, 0, 0, 0])
    disk.failAt(undefined)
    expect((await queue.lanes()).map(({ events }) => events)).toEqual([])

    // Another order than the first time, so that numbers given inside it would now mean another.
    expect(await queue.enqueue('t', entries(0, 2, 'b/matched'))).toEqual({ fresh: 2, repeated: 0 })
    expect(await queue.enqueue('s', entries(0, 3))).toEqual({ fresh: 3, repeated: 0 })
    await reopen()
    expect(Object.fromEntries((await queue.lanes()).map(({ lane, events }) => [lane, events]))).toEqual({
      [LANE]: 3,
      'b/matched': 2,
    })
    expect(await drain()).toEqual(['order-0', 'order-1', 'order-2'])
    expect(await queue.enqueue('s', entries(0, 3))).toEqual({ fresh: 0, repeated: 3 })
    expect(uuidsOf(await lease(PLENTY, 1, 'b/matched'))).toEqual(['order-0', 'order-1'])
  })

  it.each(['COMMIT', 'DELETE FROM packs', 'INSERT INTO settled', 'UPDATE lanes'])(
    'a settlement that fails at %s settles nothing, and can be said again',
    async (statement) => {
      await queue.enqueue('s', entries(0, 3))
      await queue.enqueue('s', entries(3, 5))
      const held = await lease({ events: 4, bytes: 10_000 })
      const settlements = [{ lease: held?.id ?? 0, verdict: 'ack' as const }]
      disk.failAt(statement)
      await expect(queue.settle(settlements)).rejects.toThrow('disk I/O')
      expect((await queue.lanes())[0]).toMatchObject({ events: 5, ready: 1 })
      disk.failAt(undefined)
      await queue.settle(settlements)
      expect((await queue.lanes())[0]).toMatchObject({ events: 1, ready: 1 })
      await reopen()
      expect((await queue.lanes())[0]).toMatchObject({ events: 1, ready: 1 })
      expect(await drain()).toEqual(['order-4'])
    },
  )

  it('a lease whose reading fails loses no event to the reader', async () => {
    await queue.enqueue('s', entries(0, 3))
    await queue.enqueue('s', entries(3, 5))
    disk.failAt('id BETWEEN')
    await expect(lease()).rejects.toThrow('disk I/O')
    disk.failAt(undefined)
    const held = await lease(PLENTY, 1000)
    expect(uuidsOf(held)).toHaveLength(5)
    clock += 1000
    disk.failAt('SELECT body')
    await expect(lease(PLENTY, 1000)).rejects.toThrow('disk I/O')
    disk.failAt(undefined)
    clock += 1000
    expect(uuidsOf(await lease())).toHaveLength(5)
  })

  it('half-read packs are read again where a later one fails', async () => {
    await queue.enqueue('s', entries(0, 3))
    await reopen()
    await queue.enqueue('s', entries(3, 6))
    disk.failAt('FROM settled')
    await expect(lease()).rejects.toThrow('disk I/O')
    disk.failAt(undefined)
    expect(await drain()).toHaveLength(6)
  })

  it('commits many waiting requests and settlements in one transaction', async () => {
    await queue.enqueue('s', entries(0, 2))
    const held = await lease()
    disk.seen.transactions = 0
    const results = await Promise.all([
      ...Array.from({ length: 50 }, (_, i) => queue.enqueue(`s${i % 3}`, [entry(`x-${i}`)])),
      queue.settle([{ lease: held?.id ?? 0, verdict: 'ack' }]),
    ])
    expect(results).toHaveLength(51)
    expect(disk.seen.transactions).toBe(1)
    expect(count('packs')).toBe(1)
    // And a batch that only comes back needs none.
    const back = await lease()
    await queue.settle([{ lease: back?.id ?? 0, verdict: 'retry', afterMs: 1 }])
    expect(disk.seen.transactions).toBe(1)
  })

  it('proves by an empty commit that it can write', async () => {
    await queue.enqueue('', [])
    disk.failAt('UPDATE meta')
    await expect(queue.enqueue('', [])).rejects.toThrow('disk I/O')
  })

  it('binds at most 100 parameters, whatever the batch', async () => {
    await queue.enqueue(
      's',
      Array.from({ length: 2000 }, (_, i) => (i % 2 ? entry(`o-${i}`) : entry(madeAt(START, String(i))))),
    )
    const held = await lease({ events: 2000, bytes: 10_000_000 })
    expect(held?.events).toHaveLength(2000)
    await queue.settle([
      { lease: held?.id ?? 0, verdict: 'ack', places: Array.from({ length: 1000 }, (_, i) => 2 * i) },
    ])
    await queue.settle([{ lease: held?.id ?? 0, verdict: 'ack' }])
    expect(disk.seen.mostParameters).toBeGreaterThan(0)
    expect(disk.seen.mostParameters).toBeLessThanOrEqual(100)
  })

  it('cuts what one commit brings into packs of at most 500 events and 1 MiB', async () => {
    const large = Array.from({ length: 50 }, (_, i) => entry(`large-${i}`, LANE, 'x'.repeat(30_000)))
    await queue.enqueue('s', [...entries(0, 1200), ...large])
    const database = new DatabaseSync(file.path, { readOnly: true })
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
    await queue.enqueue(
      's',
      uuids.map((uuid) => entry(uuid)),
    )
    await queue.enqueue('t', [entry(madeAt(START))])
    expect([count('seen_other'), count('seen_ordered')]).toEqual([1500, 1501])
    clock = START + 15 * DAY_MS - 1
    await queue.enqueue('', [])
    expect(count('seen_other')).toBe(1500)
    clock = START + 16 * DAY_MS
    for (let i = 0; i < 4; i++) await queue.enqueue('', [])
    expect([count('seen_other'), count('seen_ordered')]).toEqual([0, 1501])
    clock = START + 23 * DAY_MS + 1
    for (let i = 0; i < 4; i++) await queue.enqueue('', [])
    expect([count('seen_other'), count('seen_ordered')]).toEqual([0, 0])
    // The events themselves are another matter.
    expect(await drain()).toHaveLength(3001)
  })
})

describe('nodeSqlite', () => {
  it('is durable: WAL, synced at every commit, and rolls a failed transaction back', () => {
    const file = freshFile()
    const driver = nodeSqlite(file.path)
    try {
      expect(driver.all('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }])
      // 2 is FULL.
      expect(driver.all('PRAGMA synchronous')).toEqual([{ synchronous: 2 }])
      driver.exec('CREATE TABLE t (n INTEGER)')
      const fail = () =>
        driver.transaction(() => {
          driver.run('INSERT INTO t VALUES (?)', 1)
          throw new Error('half-way')
        })
      expect(fail).toThrow('half-way')
      expect(driver.transaction(() => driver.run('INSERT INTO t VALUES (?)', 2))).toBe(1)
      expect(driver.all('SELECT n FROM t')).toEqual([{ n: 2 }])
    } finally {
      driver.close()
      file.remove()
    }
  })

  it('cuts the WAL back once a long reader has left', () => {
    const file = freshFile()
    const driver = nodeSqlite(file.path)
    const reader = new DatabaseSync(file.path)
    try {
      driver.exec('CREATE TABLE t (text TEXT)')
      reader.exec('BEGIN; SELECT * FROM t')
      const text = 'x'.repeat(1_000_000)
      for (let i = 0; i < 80; i++) driver.transaction(() => driver.run('INSERT INTO t VALUES (?)', text))
      const wal = () => statSync(`${file.path}-wal`).size
      expect(wal()).toBeGreaterThan(70_000_000)
      reader.exec('COMMIT')
      for (let i = 0; i < 10; i++) driver.transaction(() => driver.run('INSERT INTO t VALUES (?)', 'y'))
      expect(wal()).toBeLessThanOrEqual(64 * 1024 * 1024)
    } finally {
      reader.close()
      driver.close()
      file.remove()
    }
  })
})
