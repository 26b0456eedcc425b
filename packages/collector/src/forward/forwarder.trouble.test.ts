import { describe, expect, it } from 'vitest'
import { delivered, LANE, OTHER, stage } from '../testing/forwarder-stage.ts'

describe('a queue in trouble', () => {
  it('that cannot record a delivery is asked again before anything else is sent: nothing goes twice', async () => {
    let failures = 5
    const { put, until, calls, left, counted, wakes, stateOf } = stage((queue) => ({
      ...queue,
      settle: (settlements) => (failures-- > 0 ? Promise.reject(new Error('disk full')) : queue.settle(settlements)),
    }))
    await put(1000, 'a')
    await until(0)
    expect(calls).toHaveLength(1)
    expect(stateOf()).toMatchObject({ state: 'waiting' })
    // Long before the lease ends.
    await until(40_000)
    expect(calls.map(({ uuids }) => uuids[0])).toEqual(['a0', 'a500'])
    expect(await left()).toBe(0)
    expect(wakes()).toBeLessThanOrEqual(20)
    expect(counted.filter((line) => line.startsWith('delivered'))).toEqual([
      `delivered ${LANE} 500`,
      `delivered ${LANE} 500`,
    ])
  })

  it('that cannot record the last delivery of a lane does so once it can, and not at the lease’s end', async () => {
    let failures = 2
    const { put, until, left } = stage((queue) => ({
      ...queue,
      settle: (settlements) => (failures-- > 0 ? Promise.reject(new Error('disk full')) : queue.settle(settlements)),
    }))
    await put(500, 'a')
    await until(10_000)
    expect(await left()).toBe(0)
  })

  it('that is well again only after the lease has ended: nothing goes twice all the same', async () => {
    let isFull = true
    const { put, until, calls, left } = stage((queue) => ({
      ...queue,
      settle: (settlements) => (isFull ? Promise.reject(new Error('disk full')) : queue.settle(settlements)),
    }))
    await put(500, 'a')
    await until(200_000)
    isFull = false
    await until(400_000)
    expect(calls).toHaveLength(1)
    expect(await left()).toBe(0)
  })

  it('that cannot record a delivered probe goes on all the same, and sends that event once', async () => {
    let isFull = false
    let failures = 3
    const { put, until, calls, set, left, stateOf } = stage((queue) => ({
      ...queue,
      settle: (settlements, notes) =>
        isFull && settlements.length > 0 && failures-- > 0
          ? Promise.reject(new Error('disk full'))
          : queue.settle(settlements, notes),
    }))
    set({ random: 0.5, script: () => ({ kind: 'misconfigured', status: 404, words: 'not found' }) })
    await put(10, 'a')
    await until(10_000)
    expect(stateOf()).toMatchObject({ state: 'halted' })
    const before = calls.length
    isFull = true
    set({ script: () => delivered })
    await until(400_000)
    expect(failures).toBeLessThan(0)
    expect(await left()).toBe(0)
    const sent = calls.slice(before).flatMap(({ uuids }) => uuids)
    expect([sent.length, new Set(sent).size]).toEqual([10, 10])
  })

  it('that cannot be read is read again: run never rejects', async () => {
    let failures = 3
    const { put, run, until, calls, logs } = stage((queue) => ({
      ...queue,
      lanes: () => (failures-- > 0 ? Promise.reject(new Error('locked')) : queue.lanes()),
    }))
    await put(500, 'a')
    await expect(run()).resolves.toBeUndefined()
    await until(10_000)
    expect(calls).toHaveLength(1)
    expect(logs).toHaveLength(3)
  })

  it('that cannot lease lets the lane wait, and that lane alone', async () => {
    let failures = 3
    const { put, until, calls, left } = stage((queue) => ({
      ...queue,
      lease: (lane, max, forMs) =>
        lane === LANE && failures-- > 0 ? Promise.reject(new Error('I/O')) : queue.lease(lane, max, forMs),
    }))
    await put(500, 'a')
    await put(500, 'b', OTHER)
    await until(0)
    expect(calls.map(({ lane }) => lane)).toEqual([OTHER])
    await until(20_000)
    expect(await left()).toBe(0)
  })

  it('an upstream that breaks its word and throws costs its lane a wait, and its batch nothing', async () => {
    const { put, until, calls, set, left, stateOf } = stage()
    set({
      script: () => {
        if (calls.length > 1) return delivered
        throw new Error('a bug')
      },
    })
    await put(500, 'a')
    await until(0)
    expect(stateOf()).toMatchObject({ state: 'waiting' })
    await until(120_000)
    expect(calls.map(({ uuids }) => uuids.length)).toEqual([500, 500])
    expect(await left()).toBe(0)
  })
})
