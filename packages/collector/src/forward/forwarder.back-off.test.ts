import { describe, expect, it } from 'vitest'
import { MAX_RETRY_AFTER_MS, parseRetryAfter } from '@warren/protocol'
import { delivered, down, stage, START } from '../testing/forwarder-stage.ts'

describe('unavailable', () => {
  it('brings the batch back whole, after full jitter, while others go on; a success resets all waits', async () => {
    const { put, until, calls, set, left } = stage()
    set({ script: ({ uuids, at }) => (uuids[0] === 'a0' && at < 1000 ? down : delivered) })
    await put(500, 'a')
    await until(0)
    await put(500, 'b')
    await until(0)
    // The success of the second brings the first back at once.
    expect(calls.slice(0, 3).map(({ at, uuids }) => [at, uuids[0], uuids.length])).toEqual([
      [0, 'a0', 500],
      [0, 'b0', 500],
      [0, 'a0', 500],
    ])
    await until(10_000)
    expect(await left()).toBe(0)
  })

  it('three times in a row opens the breaker; one call alone is let through, and its success opens the way', async () => {
    const { put, until, calls, set, left, stateOf } = stage()
    let failures = 5
    set({ script: () => (failures-- > 0 ? down : delivered) })
    await put(2500, 'a')
    await until(40_000)
    const at = calls.map((call) => call.at)
    // With random() at 1: two that go on, the third opens for 4 s, then 8 s, then 16 s.
    expect(at.slice(0, 6)).toEqual([0, 0, 0, 4000, 12_000, 28_000])
    expect(await left()).toBe(0)
    expect(stateOf()).toMatchObject({ state: 'idle', lastOutcome: 'delivered' })
  })

  it('waits at most a minute, and never in a hot loop', async () => {
    const { put, until, calls, set, wakes, left } = stage()
    set({ script: () => down })
    await put(1, 'a')
    await until(3_600_000)
    const waits = calls.slice(1).map(({ at }, i) => at - (calls[i]?.at ?? 0))
    expect(Math.max(...waits)).toBe(60_000)
    expect(calls.length).toBeLessThanOrEqual(70)
    expect(wakes()).toBeLessThanOrEqual(2 * calls.length + 10)
    expect(await left()).toBe(1)
  })
})

describe('Retry-After', () => {
  it('counts where it is longer than the back-off', async () => {
    const { put, until, calls, set } = stage()
    const waits = [30_000, 1, undefined]
    set({
      script: () => {
        if (waits.length === 0) return delivered
        const retryAfterMs = waits.shift()
        return { ...down, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
      },
    })
    await put(500, 'a')
    await until(120_000)
    // 30 s as asked; then the back-off's own 2 s and 4 s.
    expect(calls.map(({ at }) => at)).toEqual([0, 30_000, 32_000, 36_000])
  })

  it.each([
    '2147484',
    '9999999999',
    '-1',
    '0',
    'NaN',
    '1e3',
    '',
    'Fri, 01 Jan 2038 00:00:00 GMT',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'Fri, 31 Feb 2038 99:99:99 GMT',
    '5, 7',
    ' ',
  ])('%j leads to no hot loop and to no silence', async (header) => {
    const { put, until, calls, set } = stage()
    const retryAfterMs = parseRetryAfter(header, START)
    let answers = 4
    set({
      script: () => (answers-- > 0 ? { ...down, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } : delivered),
    })
    await put(500, 'a')
    await until(4 * MAX_RETRY_AFTER_MS)
    expect(calls).toHaveLength(5)
    const waits = calls.slice(1).map(({ at }, i) => at - (calls[i]?.at ?? 0))
    waits.forEach((wait, i) => {
      expect(wait).toBeGreaterThanOrEqual(1000 * 2 ** i)
      expect(wait).toBeLessThanOrEqual(MAX_RETRY_AFTER_MS)
    })
  })
})
