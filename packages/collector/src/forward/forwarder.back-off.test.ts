import { describe, expect, it } from 'vitest'
import { MAX_RETRY_AFTER_MS, parseRetryAfter } from '@warren/protocol'
import type { Outcome } from '@warren/rabbitpre'
import { delivered, down, stage, START } from '../testing/forwarder-stage.ts'

const halting: Outcome[] = [
  down,
  { kind: 'unauthorised', isRenewable: true, generation: 1, code: '100200', words: 'token' },
  { kind: 'misconfigured', status: 302, words: 'a redirect' },
]

describe.each(halting)('$kind', (outcome) => {
  it('brings the batch back whole, holds the lane, and is well with the next success', async () => {
    const { put, until, calls, set, stateOf, left, logs } = stage()
    let answers = 3
    set({ script: () => (answers-- > 0 ? outcome : delivered) })
    await put(500, 'a')
    await until(0)
    await put(500, 'b')
    await until(999)
    expect(calls).toHaveLength(1)
    expect(stateOf()).toMatchObject({ state: 'waiting', lastOutcome: outcome.kind, events: 1000 })
    // With random() at 1 the waits are 1 s, 2 s, 4 s.
    await until(7000)
    expect(calls.map(({ at, uuids }) => [at, uuids[0], uuids.length])).toEqual([
      [0, 'a0', 500],
      [1000, 'a0', 500],
      [3000, 'a0', 500],
      [7000, 'a0', 500],
      [7000, 'b0', 500],
    ])
    expect(await left()).toBe(0)
    expect(stateOf()).toMatchObject({ state: 'idle', lastOutcome: 'delivered' })
    expect(logs).toHaveLength(3)
    // The back-off began anew.
    answers = 1
    await put(500, 'c')
    await until(8000)
    expect(calls.slice(-2).map(({ at }) => at)).toEqual([7000, 8000])
  })

  it('waits at most a minute, and never in a hot loop', async () => {
    const { put, until, calls, set, wakes, left } = stage()
    set({ script: () => outcome })
    await put(1, 'a')
    await until(3_600_000)
    const waits = calls.slice(1).map(({ at }, i) => at - (calls[i]?.at ?? 0))
    expect(Math.max(...waits)).toBe(60_000)
    expect(calls.length).toBeLessThanOrEqual(70)
    expect(wakes()).toBeLessThanOrEqual(2 * calls.length + 5)
    expect(await left()).toBe(1)
  })

  it('with a jitter of nothing does not run hot for ever', async () => {
    const { put, set, calls, run } = stage()
    set({ random: 0, script: () => (calls.length < 50 ? outcome : delivered) })
    await put(500, 'a')
    await run()
    expect(calls).toHaveLength(50)
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
