import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { event } from '../testing/refusals-stage.ts'
import { bisection, type Member, type Piece } from './bisection.ts'

const CODE = '100400'

/** A lease of events with these keys; each line is as long as told. */
function lease(keys: string[], bytes: number[] = []): Member[] {
  return keys.map((eventKey, place) => ({
    place,
    event: event(`u${place}`, eventKey),
    line: 'x'.repeat(bytes[place] ?? 10),
  }))
}

/** A bisection of events with these keys, the first of them in front. */
const begin = (keys: string[], of: { code: string | undefined; bytes?: number[] } = { code: CODE }) =>
  bisection(
    lease(keys, of.bytes),
    of.code,
    () => 1,
    () => 0,
  )

interface Changes {
  keys?: string[]
  trust?: (key: string) => number
  random?: number
  /** Nothing else of the lane passes meanwhile. Default: something has. */
  isAlone?: boolean
  /** Stops after so many lone refusals with nothing delivered. */
  stopAt?: number
}

/** Plays an upstream that refuses each call with one of these places in it. */
function play(count: number, bad: ReadonlySet<number>, changes: Changes = {}) {
  const { keys = Array.from({ length: count }, () => 'c_buy'), trust = () => 1, random = 0.5 } = changes
  const parts = bisection(lease(keys), CODE, trust, () => random)
  const calls: number[][] = []
  const found: number[] = []
  const delivered: number[] = []
  const cleared: string[] = []
  let hasPassed = !changes.isAlone
  for (;;) {
    const piece = parts.next(!hasPassed)
    if (!piece) break
    const places = piece.members.map(({ place }) => place)
    calls.push(places)
    if (calls.length > 4 * count + 10) throw new Error('it does not end')
    const [first] = piece.members
    if (!places.some((place) => bad.has(place))) {
      hasPassed = true
      delivered.push(...places)
      cleared.push(...parts.delivered(piece))
    } else if (places.length === 1 && first) {
      found.push(...places)
      parts.found(first)
      if (!hasPassed && found.length === changes.stopAt) break
    } else parts.refused(piece, CODE)
  }
  return { calls, found, delivered, cleared, parts }
}

const sorted = (places: Iterable<number>) => [...places].toSorted((one, other) => one - other)
const upTo = (count: number) => Array.from({ length: count }, (_, place) => place)

/** A batch that was refused: its keys, and which of its events are bad; one at least. */
const batches = fc
  .array(fc.record({ key: fc.integer({ min: 0, max: 5 }), isBad: fc.boolean() }), { minLength: 2, maxLength: 500 })
  .chain((events) => {
    const wellPlaced = fc.record({
      worst: fc.nat(events.length - 1),
      random: fc.double({ min: 0, max: 0.999, noNaN: true }),
    })
    // Few bad ones are the usual case; with each its own coin, half of all would be bad.
    return fc.tuple(fc.constant(events), wellPlaced, fc.integer({ min: 1, max: 40 }), fc.boolean())
  })
  .map(([events, { worst, random }, oneIn, isAlone]) => ({
    keys: events.map(({ key }) => `c_${key}`),
    bad: new Set(
      upTo(events.length).filter((place) => place === worst || (events[place]?.isBad && place % oneIn === 0)),
    ),
    random,
    isAlone,
  }))

describe('whatever set of events is bad', () => {
  it('each good one is delivered once, each bad one stands alone once, and it takes few calls', () => {
    fc.assert(
      fc.property(batches, ({ keys, bad, random, isAlone }) => {
        const count = keys.length
        const { calls, found, delivered } = play(count, bad, { keys, random, isAlone })
        expect(sorted(found)).toEqual(sorted(bad))
        expect(sorted(delivered)).toEqual(upTo(count).filter((place) => !bad.has(place)))
        expect(calls.length).toBeLessThanOrEqual(bad.size * 2 * Math.log2(count) + bad.size)
      }),
      { numRuns: 150 },
    )
  })

  it('the code of a batch whose every event was delivered later means something else; that of another does not', () => {
    const transient = begin(['c_a', 'c_a', 'c_a', 'c_a'])
    const cleared: string[] = []
    for (let piece = transient.next(false); piece; piece = transient.next(false))
      cleared.push(...transient.delivered(piece))
    expect(new Set(cleared)).toEqual(new Set([CODE]))
    expect(play(64, new Set([9])).cleared).toEqual([])
  })

  it('so does the code of a piece of it', () => {
    const parts = begin(['c_a', 'c_a', 'c_a', 'c_a'])
    const half = parts.next(false) as Piece
    parts.refused(half, '100500')
    const quarters = [parts.next(false), parts.next(false)] as Piece[]
    expect(quarters.map((piece) => parts.delivered(piece))).toEqual([[], ['100500']])
  })
})

describe('a destination that refuses everything', () => {
  it('is told from a bad event by eight that are refused alone, in 17 calls of a batch of 500', () => {
    const { calls, found } = play(500, new Set(upTo(500)), { isAlone: true, stopAt: 8 })
    expect(found).toHaveLength(8)
    // And the call that was refused before it.
    expect(calls.length + 1).toBeLessThanOrEqual(17)
  })

  it('all of whose keys are asked', () => {
    const keys = upTo(500).map((place) => `c_${Math.floor(place / 50)}`)
    const { found } = play(500, new Set(upTo(500)), { keys, isAlone: true, stopAt: 8 })
    expect(new Set(found.map((place) => keys[place])).size).toBe(8)
  })

  it('of a single key, in different places of it', () => {
    const { found } = play(500, new Set(upTo(500)), { isAlone: true, stopAt: 8 })
    expect(new Set(found).size).toBe(8)
    // The farthest from the first that was refused, from the back of the largest piece.
    expect(found[0]).toBe(499)
    expect(found.slice(1).every((place) => place < 250)).toBe(true)
  })

  it('to the last event of a batch, if nobody stops it, and each once', () => {
    const { found, delivered } = play(20, new Set(upTo(20)), { isAlone: true })
    expect(sorted(found)).toEqual(upTo(20))
    expect(delivered).toEqual([])
  })

  it('is not sampled before one is refused alone, nor after anything has passed', () => {
    const parts = begin(upTo(16).map(() => 'c_a'))
    expect(parts.next(true)?.members).toHaveLength(8)
    const [member] = lease(['c_a'])
    if (member) parts.found(member)
    expect(parts.foundKeys).toEqual(new Set(['c_a']))
    expect(parts.next(true)?.members).toHaveLength(1)
    expect(parts.next(false)?.members).toHaveLength(7)
    expect(parts.next(true)).toBeUndefined()
  })
})

describe('the order of calls', () => {
  it('keeps events of one key together, in the order of their first events', () => {
    const keys = ['c_a', 'c_b', 'c_a', 'c_b', 'c_a', 'c_b', 'c_a', 'c_b']
    const { calls } = play(8, new Set(upTo(8)), { keys, random: 0 })
    expect(calls.slice(0, 2)).toEqual([
      [1, 3, 5, 7],
      [5, 7],
    ])
  })

  it('has an event of the most trusted key at the very end: it is delivered after the bad ones were refused', () => {
    const keys = ['c_bad', 'c_new', 'c_good', 'c_bad', 'c_good', 'c_bad']
    const trust = (key: string) => ({ c_good: 2, c_new: 1 })[key] ?? 0
    for (const [random, control] of [
      [0, 2],
      [0.5, 4],
      [0.999, 4],
    ] as const) {
      const { calls } = play(6, new Set([0, 3, 5]), { keys, trust, random })
      expect(calls.at(-1)).toContain(control)
    }
  })

  it('calls the larger half last where the halves differ', () => {
    const { calls } = play(5, new Set(upTo(5)), { random: 0 })
    expect(calls[0]).toEqual([3, 4])
  })

  it('does not call the half that must hold what was refused', () => {
    const { calls } = play(8, new Set([1]), { random: 0 })
    // Half, then the quarters of the other half, and so on.
    expect(calls).toEqual([[4, 5, 6, 7], [2, 3], [1], [0]])
  })

  it('calls it all the same where something was taken out of it, and where it stands alone', () => {
    const parts = begin(upTo(8).map((place) => `c_${place}`))
    const half = parts.next(false) as Piece
    expect(parts.withdraw(({ place }) => place === 1).map(({ place }) => place)).toEqual([1])
    parts.delivered(half)
    expect(parts.next(false)?.members.map(({ place }) => place)).toEqual([0, 2, 3])
    expect(play(2, new Set([0]), { random: 0 }).calls).toEqual([[1], [0]])
  })
})

describe('a batch that is only too large', () => {
  const sizes = (bytes: number[]) =>
    begin(
      bytes.map(() => 'c_a'),
      { bytes, code: undefined },
    )

  it.each([
    ['in the middle of its bytes', [10, 10, 10, 10], [2, 3]],
    ['behind a large first one', [90, 1, 1, 1], [1, 2, 3]],
    ['before a large last one', [1, 1, 1, 90], [3]],
    ['before the one in which the middle is', [1, 1, 50, 50, 1], [2, 3, 4]],
  ])('is halved %s', (_, bytes, places) => {
    expect(
      sizes(bytes)
        .next(false)
        ?.members.map(({ place }) => place),
    ).toEqual(places)
  })

  it('may have two halves that pass: both are called, and clear no code', () => {
    const parts = sizes([10, 10, 10, 10])
    const first = parts.next(false) as Piece
    expect(parts.delivered(first)).toEqual([])
    const second = parts.next(false) as Piece
    expect(second.members).toHaveLength(2)
    expect(parts.delivered(second)).toEqual([])
    expect(parts.next(false)).toBeUndefined()
  })
})

it('a batch of one is one piece', () => {
  const parts = begin(['c_a'])
  expect(parts.next(false)?.members).toHaveLength(1)
  expect(parts.next(false)).toBeUndefined()
})

describe('what waits', () => {
  it('can be taken out, and is not called; a piece with nothing left is none', () => {
    const keys = ['c_a', 'c_a', 'c_b', 'c_b']
    const parts = begin(keys)
    expect(parts.withdraw(({ event: { eventKey } }) => eventKey === 'c_b').map(({ place }) => place)).toEqual([2, 3])
    expect(parts.withdraw(({ event: { eventKey } }) => eventKey === 'c_b')).toEqual([])
    expect(parts.waiting().map(({ members }) => members.map(({ place }) => place))).toEqual([[0, 1]])
    expect(parts.next(false)?.members.map(({ place }) => place)).toEqual([0, 1])
    expect(parts.next(false)).toBeUndefined()
    expect(parts.waiting()).toEqual([])
  })

  it('tells nothing of what it was a part of, once something was taken out; others tell what they told', () => {
    const whole = () => {
      const parts = begin(upTo(16).map((place) => `c_${place}`))
      parts.refused(parts.next(false) as Piece, CODE)
      return parts
    }
    /** Takes this one out, has the last quarter delivered, and gives the next two pieces. */
    const without = (taken: number) => {
      const parts = whole()
      parts.withdraw(({ place }) => place === taken)
      parts.delivered(parts.next(false) as Piece)
      return [parts.next(false), parts.next(false)].map((piece) => piece?.members.map(({ place }) => place))
    }
    expect(without(8)).toEqual([
      [9, 10, 11],
      [0, 1, 2, 3, 4, 5, 6, 7],
    ])
    // Out of the other half of the batch: the third quarter is still known to be bad.
    expect(without(0)).toEqual([
      [10, 11],
      [8, 9],
    ])
  })
})
