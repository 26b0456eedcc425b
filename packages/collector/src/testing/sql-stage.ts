import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach } from 'vitest'
import { nodeSqlite } from '../node/sqlite.ts'
import { entry, type OpenQueue, type QueueWithDead, uuidsOf } from '../queue/conformance.ts'
import type { SqlDriver } from '../queue/sql-driver.ts'
import { sqlQueue, type SqlQueueOptions } from '../queue/sql.ts'

export const START = Date.UTC(2026, 0, 1)
export const LANE = 'a/unmatched'
export const PLENTY = { events: 500, bytes: 1_000_000 }

export function freshFile(): { path: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'warren-sql-'))
  return { path: join(folder, 'warren.db'), remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Queues in fresh files, for the conformance suites. */
export function inFreshFile(open: (path: string, options: Parameters<OpenQueue>[0]) => QueueWithDead): OpenQueue {
  return (options) => {
    const file = freshFile()
    let queue = open(file.path, options)
    return {
      queue,
      async reopen() {
        await queue.close()
        return (queue = open(file.path, options))
      },
      async end() {
        await queue.close()
        file.remove()
      },
    }
  }
}

/** As `node:sqlite` tells that the disk is full. */
export const diskFull = (): Error => Object.assign(new Error('database or disk is full'), { errcode: 13 })

/** A driver that is watched, and that fails where it is told to. */
export function watched(driver: SqlDriver) {
  const seen = { transactions: 0, statements: [] as string[], mostParameters: 0 }
  let failure: ((sql: string) => Error | undefined) | undefined
  const check = (sql: string, parameters: readonly unknown[] = []) => {
    seen.statements.push(sql)
    seen.mostParameters = Math.max(seen.mostParameters, parameters.length)
    const error = failure?.(sql)
    if (error) throw error
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
    /** From now on statements with this part fail, COMMIT among them. */
    failAt(part: string | undefined) {
      failure =
        part === undefined
          ? undefined
          : (sql) => (sql.includes(part) ? new Error(`disk I/O error at ${sql}`) : undefined)
    },
    /** From now on every statement fails as this says. */
    failAs(says: typeof failure) {
      failure = says
    },
  }
}

type StageOptions = Pick<SqlQueueOptions, 'compression' | 'isNeverCompressed' | 'disk' | 'limits'>

/** A queue on a file, on a clock that is set by hand, with its driver watched: new for each test of the suite in which this is called. */
export function sqlStage(options: StageOptions = {}) {
  let clock = START
  let file: ReturnType<typeof freshFile>
  let disk: ReturnType<typeof watched>
  let queue: QueueWithDead
  function open(changes: StageOptions = {}) {
    disk = watched(nodeSqlite(file.path))
    queue = sqlQueue(disk.driver, { now: () => clock, defer: setImmediate, ...options, ...changes })
  }
  async function reopen(changes: StageOptions = {}) {
    await queue.close()
    open(changes)
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

  return {
    open,
    reopen,
    count,
    entries,
    lease,
    drain,
    get clock() {
      return clock
    },
    set clock(ms) {
      clock = ms
    },
    get file() {
      return file
    },
    get disk() {
      return disk
    },
    get queue() {
      return queue
    },
  }
}
