import { describe, expect, it, vi } from 'vitest'
import { directStage, entries, entry, REFUSED, refuses, TAKEN, type Answer } from '../testing/direct-stage.ts'

const FUZZY = { isMatching: true, matchingType: 2, identifyWay: 1 } as const

describe('a batch', () => {
  it('goes in one call, and is accepted when that is taken', async () => {
    const stage = directStage()
    expect(await stage.send(entries(500))).toEqual({ fresh: 500, repeated: 0 })
    expect(stage.calls).toHaveLength(1)
    expect(stage.counts).toEqual({ 'calls main/unmatched delivered': 1, 'delivered main/unmatched': 500 })
  })

  it('of nothing asks nothing', async () => {
    const stage = directStage()
    expect(await stage.send([])).toEqual({ fresh: 0, repeated: 0 })
    expect(stage.made).toBe(0)
  })

  it('is cut at what one call may take', async () => {
    const stage = directStage({ maxCall: { events: 200, bytes: 100_000 } })
    expect(await stage.send(entries(500))).toMatchObject({ fresh: 500 })
    expect(stage.calls.map(({ uuids }) => uuids.length)).toEqual([200, 200, 100])
    const small = directStage({ maxCall: { events: 500, bytes: 200 } })
    expect(await small.send(entries(5))).toMatchObject({ fresh: 5 })
    expect(small.calls.map(({ uuids }) => uuids.length)).toEqual([3, 2])
    const exact = directStage({ maxCall: { events: 500, bytes: 3 * entry('e0').bytes } })
    await exact.send(entries(5))
    expect(exact.calls.map(({ uuids }) => uuids.length)).toEqual([3, 2])
    // One that is larger by itself goes all the same: the platform has the last word.
    const tiny = directStage({ maxCall: { events: 500, bytes: 1 } })
    expect(await tiny.send(entries(3))).toMatchObject({ fresh: 3 })
    expect(tiny.made).toBe(3)
  })

  it('is cut with its keys together', async () => {
    const stage = directStage({ maxCall: { events: 2, bytes: 100_000 } })
    const keys = ['c_a', 'c_b', 'c_a', 'c_b']
    await stage.send(keys.map((eventKey, i) => entry(`e${i}`, { eventKey })))
    expect(stage.calls.map(({ uuids }) => uuids)).toEqual([
      ['e0', 'e2'],
      ['e1', 'e3'],
    ])
  })

  it('that needs more calls than there are is taken as far as they go', async () => {
    const stage = directStage({ maxCall: { events: 10, bytes: 100_000 } })
    const told = await stage.send(entries(100))
    expect(told).toMatchObject({ fresh: 80, repeated: 0 })
    expect(told).toHaveProperty('retry.length', 20)
    // Nothing is wrong: the sender's own back-off is enough.
    expect(told).not.toHaveProperty('retryAfterMs')
    expect(stage.made).toBe(8)
  })

  it('of two lanes goes in two calls, each with its parameters', async () => {
    const stage = directStage({ publicParams: FUZZY })
    const both = [entry('a', { isMatched: true }), entry('b'), entry('c', { isMatched: true })]
    expect(await stage.send(both)).toEqual({ fresh: 3, repeated: 0 })
    const seen = stage.calls.map(({ uuids, publicParams }) => [uuids, publicParams])
    expect(seen).toHaveLength(2)
    expect(seen).toContainEqual([['a', 'c'], FUZZY])
    expect(seen).toContainEqual([['b'], { isMatching: false }])
  })

  it.each([0, 0.9])('of two lanes leaves calls for the other one, whichever comes first (%d)', async (chance) => {
    const stage = directStage({ publicParams: FUZZY, random: () => chance, answer: refuses(new Set(['m0', 'u0'])) })
    const matched = entries(100, { isMatched: true }, 'm')
    const told = await stage.send([...matched, ...entries(100, {}, 'u')])
    expect(stage.made).toBe(8)
    const lanes = stage.calls.map(({ publicParams }) => publicParams.isMatching)
    expect(lanes.filter((isMatched) => isMatched === lanes[0])).toHaveLength(6)
    expect(told).toHaveProperty('retry')
  })

  it.each([
    [0.4, [false, true]],
    [0.6, [true, false]],
  ])('of two lanes begins with either, by chance (%d)', async (chance, order) => {
    const stage = directStage({ publicParams: FUZZY, random: () => chance })
    await stage.send([entry('a', { isMatched: true }), entry('b')])
    expect(stage.calls.map(({ publicParams }) => publicParams.isMatching)).toEqual(order)
  })

  it('for a destination that is not there is refused with its name', async () => {
    const stage = directStage()
    const stray = { ...entry('a'), lane: 'gone/unmatched' }
    await expect(stage.send([stray])).rejects.toThrow('lane gone/unmatched has no destination')
  })

  it('with a uuid twice sends it once, and answers for both', async () => {
    const stage = directStage()
    expect(await stage.send([entry('a'), entry('a'), entry('b')])).toEqual({ fresh: 2, repeated: 1 })
    expect(stage.calls.map(({ uuids }) => uuids)).toEqual([['a', 'b']])
    stage.setAnswer(({ uuids }) => (uuids.includes('c') ? REFUSED : TAKEN))
    const told = await stage.send([entry('c'), entry('c'), entry('d')])
    expect(told).toMatchObject({ fresh: 1, repeated: 0, retry: ['c', 'c'] })
  })
})

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

describe('what was taken before', () => {
  it('is accepted again without a call, in this isolate', async () => {
    const stage = directStage()
    await stage.send(entries(10))
    expect(await stage.send(entries(12))).toEqual({ fresh: 2, repeated: 10 })
    expect(stage.calls[1]?.uuids).toEqual(['e10', 'e11'])
    expect(await stage.sink.enqueue('other', entries(10), { d: '' })).toEqual({ fresh: 10, repeated: 0 })
  })

  it('is accepted also while its request still waits for a token that is renewed behind it', async () => {
    let end = () => {}
    const answers = [TAKEN, new Promise<Answer>((resolve) => (end = () => resolve(TAKEN)))]
    const stage = directStage({ answerToken: () => answers.shift() ?? TAKEN })
    await stage.send(entries(1))
    stage.pass(6_000_000)
    const told = vi.fn()
    const one = stage.send(entries(1, {}, 'f')).then(told)
    await vi.waitUntil(() => stage.counts['delivered main/unmatched'] === 2)
    expect(stage.tokenCalls).toBe(2)
    expect(await stage.send(entries(1, {}, 'f'))).toEqual({ fresh: 0, repeated: 1 })
    // Some edges end what goes on behind an answer.
    expect(told).not.toHaveBeenCalled()
    end()
    await one
    expect(told).toHaveBeenCalledWith({ fresh: 1, repeated: 0 })
  })

  it('is accepted even where the platform is in trouble now', async () => {
    const stage = directStage()
    await stage.send(entries(10))
    stage.setAnswer(() => 'lost')
    expect(await stage.send(entries(12))).toMatchObject({ fresh: 0, repeated: 10, retry: ['e10', 'e11'] })
  })

  it('and what is under way is not forwarded twice at once', async () => {
    const stage = directStage()
    const [one, other] = await Promise.all([stage.send(entries(10)), stage.send(entries(12))])
    expect(one).toEqual({ fresh: 10, repeated: 0 })
    expect(other).toMatchObject({ fresh: 2 })
    expect([...stage.taken.values()]).toEqual(Array.from({ length: 12 }, () => 1))
    expect(await stage.send(entries(12))).toEqual({ fresh: 0, repeated: 12 })
  })

  it('and what is all under way is asked for again 2 s later', async () => {
    const stage = directStage()
    const [, other] = await Promise.all([stage.send(entries(2)), stage.send(entries(2))])
    expect(other).toEqual({ fresh: 0, repeated: 0, retry: ['e0', 'e1'], retryAfterMs: 2000 })
  })
})
