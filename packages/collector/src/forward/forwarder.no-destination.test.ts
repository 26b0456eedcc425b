import { describe, expect, it } from 'vitest'
import { LANE, OTHER, stage } from '../testing/forwarder-stage.ts'

describe('a lane without a destination', () => {
  it('keeps its events, says so, and holds no other', async () => {
    const { put, until, calls, lanesWithout, stateOf, logs, wakes } = stage()
    lanesWithout.add(LANE)
    await put(500, 'a')
    await put(500, 'b', OTHER)
    await until(600_000)
    expect(calls.map(({ lane }) => lane)).toEqual([OTHER])
    expect(stateOf()).toEqual({
      lane: LANE,
      state: 'waiting',
      events: 500,
      lastOutcome: 'no destination',
      words: 'no destination a is configured',
    })
    expect(logs.length).toBeLessThanOrEqual(11)
    expect(wakes()).toBeLessThanOrEqual(30)
    lanesWithout.clear()
    await until(660_000)
    expect(calls.filter(({ lane }) => lane === LANE)).toHaveLength(1)
  })
})
