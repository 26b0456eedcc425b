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
