import { describe, expect, it } from 'vitest'
import { directStage, entries, entry, REFUSED, refuses, TAKEN } from '../testing/direct-stage.ts'

const FUZZY = { isMatching: true, matchingType: 2, identifyWay: 1 } as const

describe('trouble', () => {
  it.each([
    ['503', { status: 503 }],
    ['429', { status: 429 }],
    ['a lost connection', 'lost'],
    ['a status for its own', { status: 404 }],
    ['a refused app', { code: '100100' }],
    ['a refused token', { code: '100200' }],
  ] as const)('before anything is taken (%s) is a 503 for the whole batch', async (_, answer) => {
    const stage = directStage({ answer: () => answer })
    const { problem } = await stage.send(entries(10))
    expect(problem).toMatchObject({ status: 503 })
    expect(problem?.retryAfterMs).toBeGreaterThanOrEqual(5000)
    expect(problem?.retryAfterMs).toBeLessThanOrEqual(10_000)
    expect(stage.made).toBe(1)
    expect(stage.taken.size).toBe(0)
  })

  it('asks to wait as long as the platform does', async () => {
    const stage = directStage({ answer: () => ({ status: 503, retryAfter: '42' }) })
    expect((await stage.send(entries(10))).problem?.retryAfterMs).toBe(42_000)
    const long = directStage({ answer: () => ({ status: 503, retryAfter: '86400' }) })
    expect((await long.send(entries(10))).problem?.retryAfterMs).toBe(300_000)
  })

  it('midway keeps what was taken, and asks for the rest again', async () => {
    let count = 0
    const stage = directStage({
      maxCall: { events: 5, bytes: 10_000 },
      answer: () => (count++ < 2 ? TAKEN : { status: 503, retryAfter: '7' }),
    })
    const told = await stage.send(entries(20))
    expect(told).toMatchObject({ fresh: 10, repeated: 0, retryAfterMs: 7000 })
    expect(told).toHaveProperty('retry.length', 10)
    expect(stage.made).toBe(3)
  })

  it('that is of the destination spares its other lane the call', async () => {
    const stage = directStage({ publicParams: FUZZY, answer: () => ({ status: 503 }) })
    expect(await stage.send([entry('a'), entry('b', { isMatched: true })])).toHaveProperty('problem')
    expect(stage.made).toBe(1)
  })

  it('with a Retry-After keeps all others from calling until it is over, and then lets one call', async () => {
    const stage = directStage({ answer: () => ({ status: 503, retryAfter: '30' }) })
    await stage.send(entries(1, {}, 'a'))
    stage.pass(29_000)
    expect(await stage.send(entries(1, {}, 'b'))).toHaveProperty('problem')
    expect(stage.made).toBe(1)
    expect(stage.sink.lanes()).toMatchObject([{ lane: 'main/unmatched', state: 'waiting' }])
    stage.pass(1000)
    expect(stage.sink.lanes()).toEqual([{ lane: 'main/unmatched', state: 'idle', events: 0 }])
    stage.setAnswer(() => TAKEN)
    const one = stage.send(entries(20, {}, 'c'))
    expect(await stage.send(entries(1, {}, 'd'))).toHaveProperty('problem')
    expect(await one).toMatchObject({ fresh: 20 })
    expect(await stage.send(entries(1, {}, 'd'))).toMatchObject({ fresh: 1 })
    expect(stage.made).toBe(3)
  })

  it('three times in a row keeps all from calling for a while', async () => {
    const stage = directStage({ answer: () => 'lost', random: () => 0.99 })
    for (let i = 0; i < 5; i++) await stage.send(entries(1, {}, `a${i}`))
    expect(stage.made).toBe(3)
    expect(stage.counts).toMatchObject({ 'resent main/unmatched in_doubt': 3 })
  })
})

describe('a halt', () => {
  it.each([
    ['of the lane', { status: 404 }],
    ['of the credentials', { code: '100100' }],
  ] as const)('%s makes no call until a probe is due, whose first call has one event', async (_, answer) => {
    const stage = directStage({ answer: () => answer, random: () => 0.5 })
    await stage.send(entries(10, {}, 'a'))
    expect(stage.sink.lanes()).toMatchObject([{ lane: 'main/unmatched', state: 'halted' }])
    expect(await stage.send(entries(10, {}, 'b'))).toHaveProperty('problem')
    expect(stage.made).toBe(1)
    stage.pass(500)
    expect(await stage.send(entries(10, {}, 'b'))).toHaveProperty('problem')
    expect(stage.calls.at(-1)?.uuids).toEqual(['b9'])
    expect(stage.made).toBe(2)

    stage.setAnswer(() => TAKEN)
    stage.pass(1000)
    expect(await stage.send(entries(10, {}, 'b'))).toMatchObject({ fresh: 10 })
    expect(stage.calls.slice(2).map(({ uuids }) => uuids.length)).toEqual([1, 9])
    expect(stage.sink.lanes()).toMatchObject([{ state: 'idle' }])
  })

  it.each([
    ['of the lane', { status: 404 }],
    ['of the credentials', { code: '100100' }],
    ['for refused events', REFUSED],
  ] as const)('%s is not put off by the calls that were under way when it began', async (_, answer) => {
    const stage = directStage({ answer: () => answer, random: () => 0.5 })
    await Promise.all(Array.from({ length: 30 }, (__, i) => stage.send([entry(`a${i}`)])))
    expect(stage.made).toBe(30)
    expect(stage.sink.lanes()).toMatchObject([{ state: 'halted', nextProbeAt: stage.now() + 500 }])
  })

  it('is probed by one request at a time', async () => {
    const stage = directStage({ answer: () => ({ status: 404 }), random: () => 0.5 })
    await stage.send(entries(1, {}, 'a'))
    stage.pass(60_000)
    const told = await Promise.all([stage.send(entries(1, {}, 'b')), stage.send(entries(1, {}, 'c'))])
    expect(told).toMatchObject([{ problem: { status: 503 } }, { problem: { status: 503 } }])
    expect(stage.made).toBe(2)
  })

  it('of the lane leaves the other lane of its destination alone', async () => {
    const stage = directStage({ publicParams: FUZZY, answer: () => ({ status: 404 }), random: () => 0.6 })
    await stage.send([entry('a', { isMatched: true })])
    stage.setAnswer(() => TAKEN)
    expect(await stage.send([entry('b', { isMatched: true }), entry('c')])).toMatchObject({ fresh: 1, retry: ['b'] })
  })

  it('of the credentials is probed at once where they have changed', async () => {
    const stage = directStage({ answer: () => ({ code: '100100' }), random: () => 0.5 })
    await stage.send(entries(1, {}, 'a'))
    stage.setAnswer(() => TAKEN)
    // One that nothing is halted for is no matter.
    stage.sink.credentialsChanged('other')
    stage.sink.credentialsChanged('main')
    expect(await stage.send(entries(1, {}, 'a'))).toMatchObject({ fresh: 1 })
  })

  it('comes where eight events are refused alone and none passes, and refuses none of them', async () => {
    const stage = directStage({ answer: () => REFUSED })
    let told = await stage.send(entries(20))
    for (let i = 0; i < 5 && stage.sink.lanes()[0]?.state !== 'halted'; i++) {
      expect(told).not.toHaveProperty('refused')
      stage.pass(60_000)
      told = await stage.send(entries(20))
    }
    expect(told.problem).toMatchObject({ status: 503 })
    expect(stage.sink.lanes()).toMatchObject([{ state: 'halted', words: expect.stringContaining('not defined') }])

    // It ends as the others do.
    stage.setAnswer(refuses(new Set(['e19'])))
    for (let i = 0; i < 60 && stage.taken.size < 19; i++) {
      stage.pass(60_000)
      await stage.send(entries(20))
    }
    expect(stage.taken.size).toBe(19)
  })
})

describe('a token', () => {
  it('is fetched within the calls of a request, and shared by the next ones', async () => {
    const stage = directStage({ answerToken: () => TAKEN })
    expect(await stage.send(entries(1))).toMatchObject({ fresh: 1 })
    expect(await stage.send(entries(1, {}, 'f'))).toMatchObject({ fresh: 1 })
    expect([stage.tokenCalls, stage.calls.length]).toEqual([1, 2])
  })

  it('that is renewed behind the calls is paid for, too', async () => {
    const stage = directStage({ answerToken: () => TAKEN, maxCall: { events: 1, bytes: 1000 } })
    await stage.send(entries(1))
    const before = stage.made
    stage.pass(6_000_000)
    expect(await stage.send(entries(20, {}, 'f'))).toMatchObject({ fresh: 7 })
    expect([stage.tokenCalls, stage.made - before]).toEqual([2, 8])
  })

  it('that is refused is renewed, and the call sent again, within the calls', async () => {
    const stage = directStage({
      answerToken: () => TAKEN,
      maxCall: { events: 1, bytes: 1000 },
      answer: ({ token }) => (token === 'token-1' ? { code: '100200' } : TAKEN),
    })
    expect(await stage.send(entries(8))).toMatchObject({ fresh: 5, retry: ['e5', 'e6', 'e7'] })
    expect([stage.tokenCalls, stage.calls.length]).toEqual([2, 6])
  })

  it.each([0, 1])('that is refused where %d calls are left is no halt: the next request renews it', async (left) => {
    let count = 0
    let isRefusing = true
    const stage = directStage({
      answerToken: () => TAKEN,
      maxCall: { events: 1, bytes: 1000 },
      answer: () => (++count >= 7 - left && isRefusing ? { code: '100200' } : TAKEN),
    })
    const told = await stage.send(entries(20))
    expect(told).toMatchObject({ fresh: 6 - left })
    expect(stage.made).toBe(8)
    expect(stage.sink.lanes()).toMatchObject([{ state: 'idle' }])
    isRefusing = false
    expect(await stage.send(entries(2, {}, 'f'))).toMatchObject({ fresh: 2 })
  })

  it('whose successor is refused, too, halts the credentials', async () => {
    const stage = directStage({ answerToken: () => TAKEN, answer: () => ({ code: '100200' }) })
    expect(await stage.send(entries(5))).toHaveProperty('problem')
    expect(stage.made).toBeLessThanOrEqual(8)
    expect(stage.sink.lanes()).toMatchObject([{ state: 'halted' }])
  })

  it('that cannot be had is trouble as a whole', async () => {
    const stage = directStage({ answerToken: () => ({ status: 503, retryAfter: '9' }) })
    const { problem } = await stage.send(entries(5))
    expect(problem).toMatchObject({ status: 503 })
    expect(problem?.retryAfterMs).toBeGreaterThanOrEqual(9000)
    expect(stage.calls).toHaveLength(0)
    const keys = directStage({ answerToken: () => ({ code: '100100' }) })
    expect(await keys.send(entries(5))).toHaveProperty('problem')
    expect(keys.sink.lanes()).toMatchObject([{ state: 'halted' }])
  })
})
