import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeSqlite } from '../../packages/collector/src/node/sqlite.ts'
import { startQueueObjects, type QueueObjects } from '../support/queue-objects.ts'
import { freshFolder } from '../support/processes.ts'
import { driverResults, type DriverResult, type DriverStep } from './workers/driver-steps.ts'

let objects: QueueObjects | undefined
beforeAll(async () => {
  objects = await startQueueObjects()
})
afterAll(() => objects?.close())

/** Does the steps in a database of their own. */
type Runs = (steps: readonly DriverStep[]) => Promise<DriverResult[]>

let opened = 0
const inObject: Runs = async (steps) =>
  JSON.parse((await objects?.post(`/test-${++opened}/driver`, JSON.stringify(steps))) ?? '') as DriverResult[]

const inFile: Runs = (steps) => {
  const folder = freshFolder()
  const driver = nodeSqlite(join(folder.path, 'test.db'))
  try {
    return Promise.resolve(driverResults(driver, steps))
  } finally {
    driver.close()
    folder.remove()
  }
}

const exec = (sql: string): DriverStep => ({ kind: 'exec', sql })
const run = (sql: string, ...parameters: Parameters): DriverStep => ({ kind: 'run', sql, parameters })
const all = (sql: string, ...parameters: Parameters): DriverStep => ({ kind: 'all', sql, parameters })
const transaction = (...steps: DriverStep[]): DriverStep => ({ kind: 'transaction', steps })
type Parameters = (string | number | { bytes: number[] })[]

/** As the queue's tables are: with a column that is unique, an index, and no rowid. */
const TABLES = [
  exec(`CREATE TABLE named (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)`),
  exec(`CREATE TABLE seen (source INTEGER, uuid TEXT, at INTEGER, PRIMARY KEY (source, uuid)) WITHOUT ROWID`),
  exec(`CREATE INDEX seen_by_at ON seen (at)`),
]
const NAMES = all(`SELECT name FROM named ORDER BY id`)
const UPSERT = `INSERT INTO seen VALUES (1, ?, ?) ON CONFLICT (source, uuid) DO UPDATE SET at = excluded.at WHERE at <= ?`

describe.each([
  ['node:sqlite', inFile],
  ['a Durable Object', inObject],
])('the driver on %s', (_, runs) => {
  /** What comes of steps, on those tables. */
  const after = async (...steps: DriverStep[]) => (await runs([...TABLES, ...steps])).slice(TABLES.length)

  it('tells how many rows a statement changed, whatever indexes they are in', async () => {
    expect(
      await after(
        run(`INSERT INTO named (name) VALUES (?)`, 'one'),
        run(`INSERT OR IGNORE INTO named (name) VALUES (?)`, 'one'),
        run(UPSERT, 'a', 5, 0),
        run(UPSERT, 'a', 6, 4),
        run(UPSERT, 'a', 6, 5),
        run(UPSERT, 'b', 1, 0),
        run(`UPDATE seen SET at = at + ?`, 1),
        run(`UPDATE seen SET at = 0 WHERE at = ?`, 99),
        run(
          `DELETE FROM seen WHERE (source, uuid) IN (SELECT source, uuid FROM seen WHERE at <= ? ORDER BY at LIMIT ?)`,
          9,
          5,
        ),
        run(`DELETE FROM seen`),
      ),
    ).toEqual([1, 0, 1, 0, 1, 1, 2, 0, 2, 0])
  })

  it('keeps what a transaction did, and gives its result', async () => {
    expect(await after(transaction(run(`INSERT INTO named (name) VALUES (?)`, 'one'), NAMES), NAMES)).toEqual([
      [1, [{ name: 'one' }]],
      [{ name: 'one' }],
    ])
  })

  it.each<[string, DriverStep, string]>([
    [
      'its body throws',
      {
        kind: 'transaction',
        steps: [
          run(`INSERT INTO named (name) VALUES ('two')`),
          exec(`CREATE TABLE more (a)`),
          run(`DELETE FROM named WHERE name = 'one'`),
        ],
        throws: 'no more',
      },
      'no more',
    ],
    [
      'a statement breaks a rule',
      transaction(
        run(`INSERT INTO named (name) VALUES ('two')`),
        exec(`CREATE TABLE more (a)`),
        run(`INSERT INTO named (name) VALUES ('one')`),
      ),
      'UNIQUE constraint failed',
    ],
    [
      'a statement is none',
      transaction(
        run(`INSERT INTO named (name) VALUES ('two')`),
        exec(`CREATE TABLE more (a)`),
        exec('CREATE NOTHING'),
      ),
      'syntax error',
    ],
  ])('leaves all as it was where %s, and goes on', async (_, failing, words) => {
    const results = await after(
      run(`INSERT INTO named (name) VALUES ('one')`),
      failing,
      NAMES,
      all(`SELECT * FROM more`),
      transaction(run(`INSERT INTO named (name) VALUES ('three')`)),
      NAMES,
    )
    expect(results).toEqual([
      1,
      { error: expect.stringContaining(words) },
      [{ name: 'one' }],
      { error: expect.stringContaining('no such table: more') },
      [1],
      [{ name: 'one' }, { name: 'three' }],
    ])
  })

  it('gives back texts, bytes, numbers and nothing as they were', async () => {
    const text = `a\0b 😀 兔展 \u2028 '";--`
    expect(
      await after(
        all(
          `SELECT ? AS text, ? AS bytes, ? AS none, CAST(? AS TEXT) AS told`,
          text,
          { bytes: [0, 1, 255] },
          { bytes: [] },
          { bytes: [228, 186, 134, 10, 97] },
        ),
        all(`SELECT MAX(id) AS id FROM named`),
        run(`INSERT INTO named VALUES (?, ?)`, Number.MAX_SAFE_INTEGER, text),
        all(`SELECT id, typeof(id) AS kind FROM named WHERE name = ? AND id <= ?`, text, Number.MAX_SAFE_INTEGER),
        run(`INSERT INTO seen VALUES (?, ?, ?)`, 1, 'a', 1_767_225_600_000),
        run(`UPDATE seen SET at = at + ?`, 1),
        all(`SELECT at, typeof(at) AS kind, typeof(source) AS source FROM seen LIMIT ?`, 1),
      ),
    ).toEqual([
      [{ text, bytes: { bytes: [0, 1, 255] }, none: { bytes: [] }, told: '了\na' }],
      [{ id: null }],
      1,
      [{ id: Number.MAX_SAFE_INTEGER, kind: 'integer' }],
      1,
      1,
      [{ at: 1_767_225_600_001, kind: 'integer', source: 'integer' }],
    ])
  })

  it('never gives a number again where AUTOINCREMENT says so', async () => {
    const insert = run(`INSERT INTO dead (x) VALUES ('a')`)
    expect(
      await after(
        exec(`CREATE TABLE dead (id INTEGER PRIMARY KEY AUTOINCREMENT, x TEXT)`),
        insert,
        insert,
        run(`DELETE FROM dead WHERE id = ?`, 2),
        insert,
        all(`SELECT id FROM dead ORDER BY id`),
      ),
    ).toEqual([null, 1, 1, 1, 1, [{ id: 1 }, { id: 3 }]])
  })

  it('takes the hundred parameters and the two megabytes that a queue may need', async () => {
    const many = Array.from({ length: 100 }, (_, i) => i)
    const [row] = (await after(all(`SELECT ${many.map((i) => `? AS c${i}`).join(', ')}`, ...many))) as [
      Record<string, number>[],
    ]
    expect(Object.values(row[0] ?? {})).toEqual(many)
    expect(
      await after(
        run(`INSERT INTO named (name) VALUES (?)`, 'x'.repeat(2_000_000)),
        all(`SELECT length(name) AS chars FROM named`),
      ),
    ).toEqual([1, [{ chars: 2_000_000 }]])
  })
})

// Where one of these is no more, the queue may have what it goes without.
it('a Durable Object refuses what its driver must not need', async () => {
  expect(
    (
      await inObject([
        ...TABLES,
        exec('BEGIN'),
        exec('SAVEPOINT one'),
        exec('PRAGMA journal_mode'),
        all(`SELECT ${Array.from({ length: 101 }, () => '?').join(', ')}`, ...Array.from({ length: 101 }, () => 1)),
        run(`INSERT INTO named (name) VALUES (?)`, 'x'.repeat(2_200_000)),
        all(Array.from({ length: 6 }, () => 'SELECT 1').join(' UNION ALL ')),
        all(`SELECT 'a' LIKE ?`, '%'.padEnd(51, 'a')),
      ])
    ).slice(TABLES.length),
  ).toEqual([
    { error: expect.stringContaining('transactionSync') },
    { error: expect.stringContaining('transactionSync') },
    { error: expect.stringContaining('not authorized') },
    { error: expect.stringContaining('too many SQL variables') },
    { error: expect.stringContaining('too big') },
    { error: expect.stringContaining('too many terms in compound SELECT') },
    { error: expect.stringContaining('LIKE or GLOB pattern too complex') },
  ])
})
