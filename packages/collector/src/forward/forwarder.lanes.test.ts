import { describe, expect, it } from 'vitest'
import type { Outcome } from '@warren/rabbitpre'
import { delivered, LANE, refusal, stage } from '../testing/forwarder-stage.ts'

const notFound: Outcome = { kind: 'misconfigured', status: 404, words: 'not found' }
const unauthorised: Outcome = { kind: 'unauthorised', isRenewable: true, generation: 1, code: '100200', words: 'token' }

/** A lane whose limit has grown to two calls, both in flight and not answered. */
async function twoInFlight() {
  const at = stage()
  await at.put(500, 'first')
  await at.until(0)
  at.set({ random: 0.5, script: () => undefined })
  await at.put(1500, 'a')
  await at.until(0)
  const [one, other] = at.calls.slice(1)
  if (!one || !other) throw new Error('there are no two calls')
  expect(at.calls).toHaveLength(3)
  return { ...at, one, other }
}

describe('of two calls in flight one leads to a halt', () => {
  it('the other is waited for before the lane is probed', async () => {
    const { one, other, settle, until, calls, stateOf } = await twoInFlight()
    one.answer(notFound)
    await settle()
    expect(stateOf()).toMatchObject({ state: 'halted' })
    await until(30_000)
    expect(calls).toHaveLength(3)
    other.answer(delivered)
    await settle()
    await until(40_000)
    expect(calls[3]?.uuids).toHaveLength(1)
  })

  it('and the other is refused: it comes back whole, and is not bisected', async () => {
    const { one, other, settle, until, calls, set, logs, left } = await twoInFlight()
    one.answer(notFound)
    await settle()
    other.answer(refusal)
    await settle()
    expect(await left()).toBe(1500)
    expect(logs.filter((line) => line.includes('bisected'))).toEqual([])
    set({ script: () => delivered })
    // Long before the leases would end: all were sent back at once.
    await until(30_000)
    expect(await left()).toBe(0)
    const sent = calls.slice(3).flatMap(({ uuids }) => uuids)
    expect([sent.length, new Set(sent).size]).toEqual([1500, 1500])
  })
})

describe('a halt', () => {
  it.each([
    ['of the lane', notFound],
    ['of credentials', unauthorised],
  ])('%s is noted with the call that begins it, before any probe', async (_, outcome) => {
    const { put, until, calls, set, restart, stateOf } = stage()
    set({ random: 0.5, script: () => outcome })
    await put(10, 'a')
    await until(1000)
    expect(calls).toHaveLength(1)
    await restart()
    set({ script: () => delivered })
    await until(1000)
    expect(calls).toHaveLength(1)
    expect(stateOf()).toMatchObject({ state: 'halted' })
  })

  it('is noted at once, even right after something else was', async () => {
    const { put, until, set, restart, stateOf, queue } = stage()
    set({ script: () => refusal })
    await put(1, 'x')
    await until(1000)
    expect((await queue.lanes())[0]?.note).toContain('"uuid":"x0"')
    set({ script: () => notFound })
    await put(500, 'a')
    await until(1000)
    await restart()
    await until(1000)
    expect(stateOf()).toMatchObject({ state: 'halted', words: 'not found' })
  })

  it('that has ended is not noted any more', async () => {
    const { put, until, set, restart, stateOf, calls } = stage()
    let isWell = false
    set({ random: 0.5, script: () => (isWell ? delivered : notFound) })
    await put(2, 'a')
    await until(1000)
    isWell = true
    await until(1500)
    // The probe, which ended it; the other event follows on the ramp.
    expect(calls.map(({ uuids }) => uuids.length)).toEqual([2, 1, 1])
    await restart()
    await until(2000)
    expect(stateOf()).toMatchObject({ state: 'idle', events: 0 })
  })

  it('of credentials wakes no lane without events', async () => {
    const { put, until, set, wakes, calls } = stage()
    await put(1, 'm', 'a/matched')
    await until(5000)
    set({ random: 0.5, script: () => unauthorised })
    await put(1, 'a')
    await until(10_000)
    const before = { wakes: wakes(), calls: calls.length }
    await until(3_610_000)
    // One for each probe, and none for the lane that has nothing to probe with.
    expect(wakes() - before.wakes).toBe(calls.length - before.calls)
  })

  it('begins again where everything is refused, once a batch was delivered since the last', async () => {
    const { put, until, set, stateOf } = stage()
    set({ random: 0.5, script: () => refusal })
    await put(500, 'a')
    await until(0)
    expect(stateOf()).toMatchObject({ state: 'halted' })
    set({ script: () => delivered })
    await until(100_000)
    expect(stateOf()).toMatchObject({ state: 'idle', events: 0 })
    // The former code means illness by now.
    set({ script: () => ({ ...refusal, code: '100500' }) })
    await put(500, 'b')
    await until(130_000)
    expect(stateOf()).toMatchObject({ state: 'halted', events: 500 })
  })
})

describe('while a bisection has nothing delivered yet', () => {
  it('no other batch of the lane is called', async () => {
    const { one, other, settle, until, calls, put, set } = await twoInFlight()
    other.answer(delivered)
    await settle()
    await put(1000, 'more')
    set({ script: () => undefined })
    const before = calls.length
    one.answer(refusal)
    await settle()
    await until(0)
    const begun = calls.slice(before).map(({ uuids }) => uuids.length)
    expect(begun).toEqual([250])
    // And once something has passed, others go on beside it.
    calls.at(-1)?.answer(delivered)
    await settle()
    await until(0)
    expect(calls.slice(before + 1).map(({ uuids }) => uuids.length)).toContain(500)
  })
})

describe('a batch refused under a code that means illness', () => {
  /** A lane that has seen an event refused and then delivered, unchanged. */
  async function ill() {
    const at = stage()
    let isFirst = true
    at.set({
      random: 0.5,
      script() {
        if (!isFirst) return delivered
        isFirst = false
        return refusal
      },
    })
    await at.put(1, 'x')
    await at.until(30_000)
    expect(await at.left()).toBe(0)
    return at
  }

  it('comes back whole three times, and is bisected then', async () => {
    const { put, until, set, calls, left } = await ill()
    set({ script: ({ uuids }) => (uuids.includes('a7') ? refusal : delivered) })
    const before = calls.length
    await put(500, 'a')
    await until(30_000)
    for (let second = 31; second < 90; second++) {
      // An answer, so that the breaker does not take it for an outage.
      await put(1, `good${second}-`)
      await until(second * 1000)
    }
    const withBad = calls.slice(before).filter(({ uuids }) => uuids.includes('a7'))
    const sizes = withBad.map(({ uuids }) => uuids.length)
    expect(sizes.slice(0, 4)).toEqual([500, 500, 500, 500])
    expect(sizes[4]).toBeLessThan(500)
    expect(await left()).toBe(1)
  })

  it('counts as an outage while nothing else is answered: one call alone goes, and no piece of it', async () => {
    const { put, until, set, calls, left } = await ill()
    set({ script: () => refusal })
    const before = calls.length
    await put(500, 'a')
    await until(600_000)
    expect(calls.slice(before).every(({ uuids }) => uuids.length === 500)).toBe(true)
    expect(calls.length - before).toBeLessThanOrEqual(30)
    expect(await left()).toBe(500)
    set({ script: () => delivered })
    await until(700_000)
    expect(await left()).toBe(0)
  })
})

describe('run', () => {
  it('resolves when the calls that it began have ended', async () => {
    const { put, run, settle, set, calls } = stage()
    set({ script: () => undefined })
    await put(500, 'a')
    let isDone = false
    void run().then(() => (isDone = true))
    await settle()
    expect([calls.length, isDone]).toEqual([1, false])
    calls[0]?.answer(delivered)
    await settle()
    expect(isDone).toBe(true)
  })

  it('asks nothing of the queue once it was stopped', async () => {
    let asked = 0
    const { forwarder, run } = stage((queue) => ({
      ...queue,
      lanes() {
        asked++
        return queue.lanes()
      },
    }))
    await forwarder.stop()
    await run()
    expect(asked).toBe(0)
  })
})

describe('a lane in trouble', () => {
  it('waits a second, and up to another by chance', async () => {
    let failures = 1
    const { put, until, next, now } = stage((queue) => ({
      ...queue,
      lease: (...asked) => (failures-- > 0 ? Promise.reject(new Error('I/O')) : queue.lease(...asked)),
    }))
    await put(500, 'a')
    const start = now()
    await until(0)
    expect(next()).toBe(2000)
    expect(now()).toBe(start)
  })

  it('whose queue hands nothing out says nothing: it is no failure', async () => {
    const { put, until, logs } = stage((queue) => ({ ...queue, lease: () => Promise.resolve(undefined) }))
    await put(500, 'a')
    await until(5000)
    expect(logs).toEqual([])
  })

  it('that was never read tells of no events', async () => {
    let looks = 0
    const { put, until, stateOf } = stage((queue) => ({
      ...queue,
      lanes: () => (++looks > 1 ? Promise.reject(new Error('I/O')) : queue.lanes()),
    }))
    await put(500, 'a')
    await until(0)
    expect(stateOf()).toMatchObject({ lane: LANE, events: 0 })
  })

  it('without a destination is named with it, once a minute, and minds no change of credentials', async () => {
    const { put, until, lanesWithout, logs, forwarder } = stage()
    lanesWithout.add(LANE)
    await put(1, 'a')
    await until(119_000)
    const words = `events wait for a destination that is not configured ${JSON.stringify({ destination: 'a' })}`
    expect(logs).toEqual([words, words])
    forwarder.credentialsChanged('a')
    await until(119_000)
    expect(logs).toHaveLength(2)
  })

  it('that is well minds no change of credentials either', async () => {
    const { put, until, forwarder, calls } = stage()
    await put(500, 'a')
    await until(0)
    forwarder.credentialsChanged('a')
    await until(1000)
    expect(calls).toHaveLength(1)
  })
})
