import { describe, expect, it } from 'vitest'
import { sqlStage, START } from '../testing/sql-stage.ts'
import { entry } from './conformance.ts'
import { madeAt } from './conformance/stage.ts'

const DAY_MS = 24 * 60 * 60_000

describe('a source’s look-ups among uuids that are not time-ordered', () => {
  const stage = sqlStage()
  const inOther = () => stage.disk.seen.statements.filter((sql) => sql.includes('FROM seen_other WHERE source = ? AND'))

  it('are spared while it has none', async () => {
    await stage.queue.enqueue('s', [entry(madeAt(START, 'a')), entry(madeAt(START, 'b'))])
    await stage.queue.enqueue('other', [entry('order-1')])
    expect(await stage.queue.enqueue('s', [entry(madeAt(START, 'b')), entry(madeAt(START, 'c'))])).toEqual({
      fresh: 1,
      repeated: 1,
    })
    expect(inOther()).toEqual([])
  })

  it.each([
    ['in the process that took it', async () => {}],
    ['in the next process', () => stage.reopen()],
  ])('find one that has become time-ordered meanwhile, %s', async (_, between) => {
    const ahead = entry(madeAt(START + DAY_MS, 'a'))
    await stage.queue.enqueue('s', [entry(madeAt(START, 'b'))])
    expect(await stage.queue.enqueue('s', [ahead])).toEqual({ fresh: 1, repeated: 0 })
    await between()
    stage.clock = START + DAY_MS
    expect(await stage.queue.enqueue('s', [ahead])).toEqual({ fresh: 0, repeated: 1 })
  })
})
