import { describe, expect, it } from 'vitest'
import type { Outcome } from '@warren/rabbitpre'
import { delivered, stage } from '../testing/forwarder-stage.ts'

const refusing: Outcome[] = [
  { kind: 'refused', code: '100400', words: 'code 100400' },
  { kind: 'tooLarge', words: 'HTTP 413' },
]

describe.each(refusing)('$kind', (outcome) => {
  it('lets the batch wait alone, from 5 s to 5 minutes; the others go on', async () => {
    const { put, until, calls, set, stateOf, left } = stage()
    set({ script: ({ uuids }) => (uuids.includes('bad0') ? outcome : delivered) })
    await put(500, 'bad')
    await put(1000, 'good')
    await until(0)
    expect(calls.map(({ uuids }) => uuids[0])).toEqual(['bad0', 'good0', 'good500'])
    expect(stateOf()).toMatchObject({ state: 'idle', events: 500 })
    await put(500, 'more')
    await until(4999)
    expect(calls).toHaveLength(4)
    await until(3_600_000)
    const again = calls.filter(({ uuids }) => uuids[0] === 'bad0')
    expect(again.every(({ uuids }) => uuids.length === 500)).toBe(true)
    const waits = again.slice(1).map(({ at }, i) => at - (again[i]?.at ?? 0))
    expect(waits.slice(0, 7)).toEqual([5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000])
    expect(Math.max(...waits)).toBe(300_000)
    expect(await left()).toBe(500)
    // Whenever it is taken after all, it is gone.
    set({ script: () => delivered })
    await until(4_000_000)
    expect(await left()).toBe(0)
  })

  it('waits 5 s at the least, whatever the jitter', async () => {
    const { put, until, calls, set } = stage()
    set({ random: 0, script: () => outcome })
    await put(1, 'bad')
    await until(61_000)
    expect(calls.length).toBeLessThanOrEqual(13)
  })
})
