import { describe, expect, it } from 'vitest'
import { delivered, LANE, OTHER, stage } from '../testing/forwarder-stage.ts'

describe('calling', () => {
  it('one lane makes one call at a time, however often it is asked', async () => {
    const { put, run, settle, calls, set, stateOf } = stage()
    set({ script: () => undefined })
    await put(1500, 'a')
    for (let i = 0; i < 20; i++) void run()
    await settle()
    expect(calls).toHaveLength(1)
    expect(stateOf()).toMatchObject({ state: 'calling', events: 1500 })
    for (let i = 0; i < 20; i++) void run()
    await settle()
    expect(calls).toHaveLength(1)
    set({ script: () => delivered })
    calls[0]?.answer(delivered)
    await settle()
    expect(calls.map(({ uuids }) => uuids.length)).toEqual([500, 500, 500])
    expect(stateOf()).toMatchObject({ state: 'idle', events: 0, lastOutcome: 'delivered' })
  })

  it('what comes while a call is under way is not forgotten, even where the view was older', async () => {
    let hold: (() => void) | undefined
    let isHolding = false
    const { put, run, settle, calls, set, until, left, queue } = stage((store) => ({
      ...store,
      // The lane's own look is slow and sees what was before; a look by `run` overtakes it.
      async lanes() {
        const seen = await store.lanes()
        if (isHolding && !hold) await new Promise<void>((resolve) => (hold = resolve))
        return seen
      },
    }))
    set({ script: () => undefined })
    await put(500, 'a')
    void run()
    await settle()
    isHolding = true
    calls[0]?.answer(delivered)
    await settle()
    expect(hold).toBeDefined()
    await put(1, 'late')
    void run()
    await settle()
    set({ script: () => delivered })
    hold?.()
    await settle()
    await until(2000)
    expect(calls[1]).toMatchObject({ uuids: ['late0'] })
    expect(await left()).toBe(0)
    expect((await queue.lanes())[0]).toMatchObject({ events: 0 })
  })

  it('a slow lane holds no other', async () => {
    const { put, until, calls, set } = stage()
    set({ script: ({ lane }) => (lane === LANE ? undefined : delivered) })
    await put(500, 'a')
    await put(1500, 'b', OTHER)
    await until(0)
    expect(calls.filter(({ lane }) => lane === LANE)).toHaveLength(1)
    expect(calls.filter(({ lane }) => lane === OTHER)).toHaveLength(3)
    await put(1, 'c', OTHER)
    await until(1000)
    expect(calls.at(-1)).toMatchObject({ lane: OTHER, uuids: ['c0'] })
  })
})
