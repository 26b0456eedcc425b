import { beforeEach, describe, expect, it } from 'vitest'
import type { Settlement } from '../queue/ports.ts'
import { CODE, event, refusalsStage } from '../testing/refusals-stage.ts'
import type { Piece } from './bisection.ts'
import { PARK_AT, type Refusal } from './refusals.ts'
import { search, type Search } from './search.ts'

const bad: Refusal = { code: CODE, words: 'bad', isSize: false }
const tooLarge: Refusal = { code: 'http_413', words: 'HTTP 413', isSize: true }
const LEASE = 7

let at: ReturnType<typeof refusalsStage>
beforeEach(() => {
  at = refusalsStage()
})

/** Searches a refused lease of events with these keys; the first one is the one that is called last. */
function begin(keys: string[], refusal = bad, returns = 0): Search {
  const members = keys.map((eventKey, place) => {
    const one = event(`u${place}`, eventKey)
    return { place, event: one, line: JSON.stringify(one) }
  })
  const lease = { id: LEASE, lane: 'a/unmatched', events: members.map(({ line }) => line), returns }
  return search({ lease, members, refusal, refusals: at.known, random: () => 0 })
}

/** The next piece, of which it is known that there is one. */
function next(of: Search): Piece {
  const { piece } = of.next()
  if (!piece) throw new Error('no piece')
  return piece
}

/** The same places, in whatever order. */
const isSame = (places: number[]) => (others: number[]) =>
  others.length === places.length && places.every((place) => others.includes(place))
const placesOf = (piece: Piece | undefined) => piece?.members.map(({ place }) => place)
const ack = (...places: number[]): Settlement => ({ lease: LEASE, places, verdict: 'ack' })
const back = (places: number[], afterMs = 0): Settlement => ({ lease: LEASE, places, verdict: 'retry', afterMs })

describe('while nothing of the lane was delivered', () => {
  it('what is refused alone stays in the lease, and goes to its second look with the first delivery', () => {
    const looking = begin(['c_a', 'c_a', 'c_a', 'c_a'])
    const half = next(looking)
    expect(looking.refused(half, bad)).toEqual([])
    const lone = next(looking)
    expect(placesOf(lone)).toEqual([3])
    expect(looking.refused(lone, bad)).toEqual([])
    expect(looking.isUndecided).toBe(true)
    expect(looking.foundKeys).toEqual(new Set(['c_a']))
    const other = next(looking)
    at.known.delivered(other.members.map((member) => member.event))
    expect(looking.isUndecided).toBe(false)
    expect(looking.delivered(other)).toEqual([back([3]), ack(...(placesOf(other) ?? []))])
    // And once.
    expect(looking.delivered(next(looking))).toHaveLength(1)
  })

  it('it samples events alone, once one was refused', () => {
    const looking = begin(Array.from({ length: 8 }, () => 'c_a'))
    let piece = next(looking)
    for (; piece.members.length > 1; piece = next(looking)) looking.refused(piece, bad)
    looking.refused(piece, bad)
    const sizes = Array.from({ length: 3 }, () => next(looking).members.length)
    expect(sizes).toEqual([1, 1, 1])
  })

  it('all that was not settled can be put together again as one batch', () => {
    const looking = begin(['c_a', 'c_a'])
    looking.refused(next(looking), bad)
    expect(looking.putTogether()).toEqual([{ lease: LEASE, verdict: 'retry', afterMs: 0 }])
    // Nothing is judged of it any more.
    expect(looking.giveBack(undefined, 0)).toEqual([back([0])])
  })
})

describe('once something was delivered', () => {
  it('what is refused alone goes to its second look at once', () => {
    const looking = begin(['c_a', 'c_a'])
    at.pass()
    expect(looking.refused(next(looking), bad)).toEqual([back([1])])
  })

  it('what is refused for the last time is buried with the code and words', () => {
    const looking = begin(['c_a', 'c_a'])
    at.refuse('u1', 'c_a')
    at.pass()
    at.clock += 10_000
    for (let times = 2; times < 6; times++) at.refuse('u1', 'c_a')
    expect(looking.refused(next(looking), bad)).toEqual([
      { lease: LEASE, places: [1], verdict: 'bury', reason: 'refused', code: CODE, words: 'bad', attempts: 6 },
    ])
  })

  it('a code whose every event was delivered means illness', () => {
    const looking = begin(['c_a', 'c_a'])
    at.pass()
    looking.delivered(next(looking))
    expect(at.known.isIll(CODE)).toBe(false)
    looking.delivered(next(looking))
    expect(at.known.isIll(CODE)).toBe(true)
  })

  it('what is too large is halved by its bytes, which tells of no illness, and is buried as too large', () => {
    const looking = begin(['c_a', 'c_a'.repeat(100)], tooLarge)
    at.pass()
    expect(looking.refused(next(looking), tooLarge)).toEqual([back([1])])
    looking.delivered(next(looking))
    expect(at.known.isIll('http_413')).toBe(false)
    at.clock += 10_000
    for (let times = 2; times < 6; times++) at.refuse('u1', 'c_a', 'http_413', { isSize: true })
    const again = begin(['c_a', 'c_a'], tooLarge)
    at.pass()
    expect(again.refused(next(again), tooLarge)).toMatchObject([{ verdict: 'bury', reason: 'too_large', attempts: 6 }])
  })

  it('halves of a piece that was too large may both pass, and neither is spared its call', () => {
    const looking = begin(['c_a', 'c_a', 'c_a', 'c_a', 'c_a', 'c_a', 'c_a', 'c_a'])
    at.pass()
    looking.refused(next(looking), tooLarge)
    looking.delivered(next(looking))
    expect(placesOf(next(looking))).toEqual([4, 5])
  })
})

describe('the next piece', () => {
  it('has no events of a key that is parked by now: they are buried without a call', () => {
    const looking = begin(['c_a', 'c_new', 'c_b', 'c_new'])
    at.known.parked.set('c_new', { code: CODE, words: 'unknown key', probeAt: 0, isReviving: false })
    const { piece, settlements } = looking.next()
    expect(settlements).toEqual([
      {
        lease: LEASE,
        places: expect.toSatisfy(isSame([1, 3])),
        verdict: 'bury',
        reason: 'key_refused',
        code: CODE,
        words: 'unknown key',
        attempts: 0,
      },
    ])
    expect(placesOf(piece)).toEqual([2])
    expect(looking.next().settlements).toEqual([])
  })

  it('has no events of a key that is blamed by now: they wait together', () => {
    const looking = begin(['c_a', 'c_new', 'c_new', 'c_b'], bad, 1)
    for (let i = 1; i <= PARK_AT; i++) at.refuse(`v${i}`, 'c_new')
    at.pass()
    const { piece, settlements } = looking.next()
    expect(settlements).toEqual([{ ...back([], 24_000), places: expect.toSatisfy(isSame([1, 2])) }])
    expect(placesOf(piece)).toEqual([3])
  })

  it('is none at the end; what was found and not judged before is judged then', () => {
    const looking = begin(['c_a', 'c_b'])
    looking.refused(next(looking), bad)
    looking.refused(next(looking), bad)
    expect(looking.next()).toEqual({ piece: undefined, settlements: [back([1]), back([0], 12_000)] })
    expect(looking.next()).toEqual({ piece: undefined, settlements: [] })
  })
})

describe('given back', () => {
  it('each piece keeps its place, the called one among them, and what was found is judged', () => {
    const looking = begin(['c_a', 'c_a', 'c_a', 'c_a', 'c_a', 'c_a'])
    looking.refused(next(looking), bad)
    const lone = next(looking)
    expect(placesOf(lone)).toEqual([5])
    looking.refused(lone, bad)
    at.pass()
    const called = next(looking)
    expect(placesOf(called)).toEqual([3, 4])
    expect(looking.giveBack(called, 4000)).toEqual([back([5]), back([0, 1, 2], 4000), back([3, 4], 4000)])
  })
})
