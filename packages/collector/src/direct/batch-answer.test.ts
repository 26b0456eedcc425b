import { describe, expect, it } from 'vitest'
import { ProblemError } from '../problem.ts'
import { batchAnswer, type EndedBatch } from './batch-answer.ts'
import type { Item, LaneEnd, Trouble } from './deliver-lane.ts'

const USED_UP = { kind: 'calls used up', waitMs: undefined, isWide: false } as const
const closed = (waitMs: number): Trouble => ({ kind: 'closed', waitMs, isWide: false })
const unwell = (waitMs: number): Trouble => ({ kind: 'unwell', waitMs, isWide: true })

function item(uuid: string): Item {
  return { name: `shop ${uuid}`, eventKey: 'c_buy', bytes: 100, event: { uuid, eventKey: 'c_buy', time: 0 } }
}

/** The end of a lane that took these. */
function laneEnd(taken: readonly string[], rest: Partial<LaneEnd> = {}): LaneEnd {
  return { delivered: taken.map(item), refused: [], ...rest }
}

/** Of a batch of a, b and c. */
function told(ends: readonly LaneEnd[], rest: Partial<EndedBatch> = {}) {
  const taken = new Set(ends.flatMap(({ delivered }) => delivered.map(({ event }) => event.uuid)))
  const isTaken = (uuid: string) => taken.has(uuid)
  return batchAnswer({ uuids: ['a', 'b', 'c'], ends, isTaken, hasOthers: false, random: () => 0.5, ...rest })
}

function problemOf(ends: readonly LaneEnd[]): ProblemError {
  try {
    told(ends)
  } catch (error) {
    if (error instanceof ProblemError) return error
    throw error
  }
  return expect.unreachable()
}

describe('a batch of which something is settled', () => {
  it('is sent on as soon as its sender likes where nothing but calls was short', () => {
    const ends = [laneEnd(['a'], { trouble: USED_UP }), laneEnd([], { trouble: USED_UP })]
    expect(told(ends)).toEqual({ fresh: 1, repeated: 0, retry: ['b', 'c'] })
  })

  it('waits for the trouble of a lane, though the other one was only short of calls', () => {
    const ends = [laneEnd(['a'], { trouble: USED_UP }), laneEnd([], { trouble: unwell(42_000) })]
    expect(told(ends)).toEqual({ fresh: 1, repeated: 0, retry: ['b', 'c'], retryAfterMs: 42_000 })
  })

  it('waits for the longest trouble, for five minutes at the most', () => {
    const wait = (...waits: number[]) =>
      told([laneEnd(['a']), ...waits.map((ms) => laneEnd([], { trouble: unwell(ms) }))])
    expect(wait(7000, 42_000)).toMatchObject({ retryAfterMs: 42_000 })
    expect(wait(7000, 3_600_000)).toMatchObject({ retryAfterMs: 300_000 })
    expect(wait(0)).toMatchObject({ retryAfterMs: 1000 })
  })

  it('waits for a halt as long as it lasts at the least, and half of 5 s more by chance', () => {
    expect(told([laneEnd(['a'], { trouble: closed(42_000) })])).toMatchObject({ retryAfterMs: 44_500 })
    expect(told([laneEnd(['a'], { trouble: closed(10) })])).toMatchObject({ retryAfterMs: 7500 })
  })
})

describe('a batch of which nothing is settled', () => {
  it('is a 503 where there was trouble, which says what to do', () => {
    const problem = problemOf([laneEnd([], { trouble: closed(0) })])
    expect(problem).toMatchObject({ status: 503, retryAfterMs: 7500 })
    expect(problem.message).toBe('the platform does not take events now: keep them and try again')
    expect(problemOf([laneEnd([], { trouble: USED_UP })])).toMatchObject({ status: 503, retryAfterMs: 7500 })
  })

  it('waits 2 s where another request has it under way', () => {
    expect(told([], { hasOthers: true })).toEqual({
      fresh: 0,
      repeated: 0,
      retry: ['a', 'b', 'c'],
      retryAfterMs: 2000,
    })
  })
})

it('suspects are asked for when the first of them is due: after 5 to 10 s, and up to a quarter more', () => {
  const wait = (...dues: number[]) => told([laneEnd(['a']), ...dues.map((ms) => laneEnd([], { suspectsDueMs: ms }))])
  expect(wait(8000, 60_000)).toMatchObject({ retry: ['b', 'c'], retryAfterMs: 9000 })
  expect(wait(60_000)).toMatchObject({ retryAfterMs: 11_250 })
  expect(wait(0)).toMatchObject({ retryAfterMs: 5625 })
})
