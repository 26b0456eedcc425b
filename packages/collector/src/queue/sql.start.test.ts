import { describe, expect, it } from 'vitest'
import { sqlStage } from '../testing/sql-stage.ts'

// Without either it looks whether there are packs that it could not read.
describe.each([
  [
    'with a compression, as on Node',
    {
      compression: {
        fromBytes: Infinity,
        compress: (bytes: Uint8Array) => bytes,
        decompress: (bytes: Uint8Array) => bytes,
      },
    },
  ],
  ['where nothing is ever compressed, as in a Durable Object', { isNeverCompressed: true }],
])('sqlQueue %s', (_, options) => {
  const stage = sqlStage(options)
  const { count, entries, reopen } = stage

  /** Every statement that opening and the first look need. */
  async function statementsOfStart(): Promise<string[]> {
    await reopen()
    await stage.queue.lanes()
    return [...stage.disk.seen.statements]
  }

  it('reads nothing of the backlog at the start, and nothing more of a large one than of a small one', async () => {
    await stage.queue.enqueue('s', entries(0, 1))
    const small = await statementsOfStart()
    for (let i = 1; i < 300; i++) await stage.queue.enqueue('s', entries(i, i + 1))
    expect(count('packs')).toBe(300)
    const large = await statementsOfStart()
    expect(large).toEqual(small)
    // A start writes nothing: it must work on a full disk.
    const [pragmas, writes, bodies, counts] = [/PRAGMA/, /INSERT|UPDATE|DELETE|BEGIN/, /body|json/, /COUNT|SUM/].map(
      (kind) => large.filter((sql) => kind.test(sql) && !sql.startsWith('CREATE TABLE IF NOT EXISTS meta')),
    )
    expect([pragmas, writes, bodies, counts]).toEqual([[], [], [], []])
    // Every read is of the key it wants, or of the few lanes.
    for (const sql of large.filter((one) => one.includes('packs'))) {
      const [plan] = stage.disk.driver.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql.replaceAll('?', '1')}`)
      expect(plan?.detail, sql).toMatch(/^SEARCH/)
    }
  })

  it('tells what the lanes hold with one read a lane, however much they hold', async () => {
    for (let i = 0; i < 200; i++) await stage.queue.enqueue('s', entries(i, i + 1, i % 2 ? 'a/matched' : 'b/matched'))
    stage.disk.seen.statements.length = 0
    await stage.queue.lanes()
    expect(stage.disk.seen.statements).toHaveLength(2)
  })
})
