import { describe, expect, it } from 'vitest'
import type { Outcome } from '@warren/rabbitpre'
import { delivered, LANE, refusal, stage } from '../testing/forwarder-stage.ts'

const has = (uuids: readonly string[], bad: ReadonlySet<string>) => uuids.some((uuid) => bad.has(uuid))

describe('bisection', () => {
  it.each([
    ['spread', [3, 77, 150, 222, 301, 380, 498]],
    ['side by side', [200, 201, 202, 203, 204, 205, 206]],
    ['at both ends', [0, 1, 2, 3, 497, 498, 499]],
  ])('finds 7 bad ones among 500, %s, and buries them with the words', async (_, places) => {
    const { put, until, calls, set, left, queue } = stage()
    const bad = new Set(places.map((place) => `a${place}`))
    set({ random: 0.5, script: ({ uuids }) => (has(uuids, bad) ? refusal : delivered) })
    await put(500, 'a')
    await until(60_000)
    const { letters } = await queue.dead.list({})
    expect(new Set(letters.map(({ uuid }) => uuid))).toEqual(bad)
    expect(
      letters.every(({ words, code, reason }) => words === refusal.words && code === '100400' && reason === 'refused'),
    ).toBe(true)
    expect(await left()).toBe(0)
    // Each good one once.
    const sent = calls.filter(({ uuids }) => !has(uuids, bad)).flatMap(({ uuids }) => uuids)
    expect(sent).toHaveLength(493)
    expect(new Set(sent).size).toBe(493)
    expect(calls.length).toBeLessThanOrEqual(7 * 2 * Math.log2(500) + 7)
  })

  it('halves what is too large by its size, and buries the one event that is so alone', async () => {
    const { put, until, set, left, queue } = stage()
    set({
      random: 0.5,
      script: ({ uuids }) => (uuids.includes('a7') ? { kind: 'tooLarge', words: 'HTTP 413' } : delivered),
    })
    await put(100, 'a')
    await until(60_000)
    expect((await queue.dead.list({})).letters).toMatchObject([{ uuid: 'a7', reason: 'too_large', words: 'HTTP 413' }])
    expect(await left()).toBe(0)
  })

  it('in whose midst the upstream fails keeps its place: what was delivered is not sent again', async () => {
    const { put, until, calls, set, left, queue } = stage()
    const down: Outcome = { kind: 'unavailable', isInDoubt: true, words: 'HTTP 503' }
    set({
      random: 0.5,
      script: ({ uuids }) => (calls.length === 8 ? down : uuids.includes('a100') ? refusal : delivered),
    })
    await put(500, 'a')
    await until(120_000)
    expect(await left()).toBe(0)
    expect((await queue.dead.list({})).letters).toMatchObject([{ uuid: 'a100' }])
    const sent = calls.filter((call, i) => i !== 7 && !call.uuids.includes('a100')).flatMap(({ uuids }) => uuids)
    expect(sent.toSorted()).toEqual([...new Set(sent)].toSorted())
  })
})

describe('a lone event', () => {
  it('is not buried before another was delivered between two refusals', async () => {
    const { put, until, set, left, queue } = stage()
    set({ random: 0.5, script: ({ uuids }) => (uuids.includes('bad0') ? refusal : delivered) })
    await put(1, 'bad')
    await until(3_600_000)
    expect(await left()).toBe(1)
    expect((await queue.dead.list({})).letters).toEqual([])
    await put(1, 'good')
    await until(3_700_000)
    expect((await queue.dead.list({})).letters).toMatchObject([{ uuid: 'bad0' }])
    expect(await left()).toBe(0)
  })

  it('that passes later, unchanged, tells that its code means illness: nothing is buried under it', async () => {
    const { put, until, set, left, queue, calls, now } = stage()
    let count = 0
    // A third of all calls is refused.
    set({ random: 0.5, script: () => (++count % 3 === 0 ? refusal : delivered) })
    const start = now()
    for (let second = 0; second < 600; second++) {
      await put(200, `s${second}-`)
      await until(now() - start + 1000)
    }
    set({ script: () => delivered })
    await until(now() - start + 400_000)
    expect(await left()).toBe(0)
    expect((await queue.dead.list({})).letters).toEqual([])
    expect(calls.length).toBeGreaterThan(600)
  })
})

describe('a destination that refuses everything', () => {
  it('buries nothing, costs few calls, and gets all when it is well again', async () => {
    const { put, until, calls, set, left, stateOf, queue } = stage()
    set({ random: 0.5, script: () => refusal })
    await put(5000, 'a')
    await until(0)
    expect(stateOf()).toMatchObject({ state: 'halted', words: expect.stringContaining(refusal.words) })
    for (let ms = 10_000; ms <= 60_000; ms += 10_000) {
      await put(1000, `b${ms}-`)
      await until(ms)
    }
    expect(calls.length).toBeLessThanOrEqual(60)
    set({ script: () => delivered })
    await until(400_000)
    expect(await left()).toBe(0)
    expect((await queue.dead.list({})).letters).toEqual([])
    const sent = calls.filter(({ at }) => at > 60_000).flatMap(({ uuids }) => uuids)
    expect(new Set(sent).size).toBe(sent.length)
  })

  it('is probed with the newest event of a key that was not refused, and bisected if it halts again right after', async () => {
    const { put, until, calls, set, left, stateOf, queue } = stage()
    set({ random: 0.5, script: ({ keys }) => (keys.includes('c_bad') ? refusal : delivered) })
    await put(500, 'bad', LANE, 10, 'c_bad')
    await put(1, 'good', LANE, 10, 'c_good')
    await until(0)
    expect(stateOf()).toMatchObject({ state: 'halted' })
    await until(1000)
    expect(calls.at(-1)).toMatchObject({ uuids: ['good0'] })
    for (let ms = 5000; ms < 300_000; ms += 5000) {
      await put(1, `g${ms}-`, LANE, 10, 'c_good')
      await until(ms)
    }
    expect(await left()).toBe(0)
    expect((await queue.dead.totals())[0]).toMatchObject({ events: 500 })
    expect(stateOf()).toMatchObject({ parkedKeys: ['c_bad'] })
  })
})

describe('a parked key', () => {
  it('costs its neighbours nothing, and all its events come back when the first of them passes', async () => {
    const { put, until, calls, set, left, queue, stateOf } = stage()
    let isDefined = false
    set({ random: 0.5, script: ({ keys }) => (!isDefined && keys.includes('c_new') ? refusal : delivered) })
    for (let second = 0; second < 120; second++) {
      await put(495, `g${second}-`, LANE, 10, 'c_good')
      await put(5, `n${second}-`, LANE, 10, 'c_new')
      await until(second * 1000)
    }
    await until(150_000)
    expect(stateOf()).toMatchObject({ parkedKeys: ['c_new'] })
    expect(await left()).toBe(0)
    const { letters } = await queue.dead.list({}, { limit: 500 })
    expect(letters.every(({ eventKey, words }) => eventKey === 'c_new' && words === refusal.words)).toBe(true)
    expect((await queue.dead.totals())[0]).toMatchObject({ events: 600 })
    expect(calls.length).toBeLessThanOrEqual(120 + 60)
    isDefined = true
    await until(300_000)
    expect((await queue.dead.list({})).letters).toEqual([])
    expect(await left()).toBe(0)
    const passed = calls.flatMap(({ uuids, keys, at }) => (at > 150_000 && !keys.includes('c_good') ? uuids : []))
    expect(new Set(passed).size).toBe(600)
    expect(stateOf()?.parkedKeys).toBeUndefined()
  })

  it('in a lane that is halted for an hour wakes nobody without end', async () => {
    const { put, until, set, stateOf, wakes } = stage()
    set({ random: 0.5, script: ({ keys }) => (keys.includes('c_new') ? refusal : delivered) })
    for (let second = 0; second < 40; second++) {
      await put(20, `n${second}-`, LANE, 10, 'c_new')
      await put(100, `g${second}-`, LANE, 10, 'c_good')
      await until(second * 1000)
    }
    expect(stateOf()).toMatchObject({ parkedKeys: ['c_new'] })
    set({ script: () => ({ kind: 'misconfigured', status: 404, words: 'not found' }) })
    await put(1, 'last')
    await until(50_000)
    expect(stateOf()).toMatchObject({ state: 'halted' })
    const before = wakes()
    await until(3_650_000)
    expect(wakes() - before).toBeLessThanOrEqual(300)
  })
})
