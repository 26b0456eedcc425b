import { beforeEach, describe, expect, it } from 'vitest'
import { CODE, event, refusalsStage } from '../testing/refusals-stage.ts'
import { PARK_AT } from './refusals.ts'
import { holdMs, sortLease } from './sort-lease.ts'

let at: ReturnType<typeof refusalsStage>
beforeEach(() => {
  at = refusalsStage()
})

/** Sorts a lease of these `uuid:key`s. */
function sort(names: string[], returns = 0) {
  const events = names.map((name) => {
    const [uuid = '', eventKey] = name.split(':')
    return JSON.stringify(event(uuid, eventKey))
  })
  const { call, settlements } = sortLease({ id: 7, lane: 'a/unmatched', events, returns }, at.known, at.clock)
  return { call: call.map(({ place }) => place), settlements, members: call }
}

const back = (places: number[], afterMs: number) => ({ lease: 7, places, verdict: 'retry', afterMs })

function refuseEight(eventKey: string): void {
  for (let i = 1; i <= PARK_AT; i++) at.refuse(`${eventKey}-${i}`, eventKey)
}

function park(eventKey: string): void {
  at.bury('proof')
  refuseEight(eventKey)
  at.pass()
  at.refuse(`${eventKey}-1`, eventKey)
  expect(at.known.stand(eventKey)).toBe('parked')
}

describe('of a lease', () => {
  it('what nothing is known of goes into the call, as it stands in the lease', () => {
    const { call, settlements, members } = sort(['u1:c_a', 'u2:c_b'])
    expect(call).toEqual([0, 1])
    expect(settlements).toEqual([])
    expect(members[1]).toEqual({
      place: 1,
      line: JSON.stringify(event('u2', 'c_b')),
      event: event('u2', 'c_b'),
    })
  })

  it('a suspect among others goes back, to be looked at alone 10 s after its first refusal', () => {
    at.refuse('u2')
    at.clock += 4000
    expect(sort(['u1', 'u2', 'u3'])).toMatchObject({ call: [0, 2], settlements: [back([1], 6000)] })
    at.clock += 10_000
    expect(sort(['u1', 'u2', 'u3']).settlements).toEqual([back([1], 0)])
  })

  it('a suspect alone goes into its call', () => {
    at.refuse('u1', 'c_new')
    at.pass()
    expect(sort(['u1:c_new'])).toMatchObject({ call: [0], settlements: [] })
  })
})

describe('of a held key', () => {
  beforeEach(() => {
    at.refuse('first', 'c_new')
    at.pass()
    expect(at.known.stand('c_new')).toBe('held')
  })

  it('one event goes back at once, to be looked at alone; the others wait for it together', () => {
    expect(sort(['u1:c_new', 'u2', 'u3:c_new', 'u4:c_new'])).toMatchObject({
      call: [1],
      settlements: [back([0], 0), back([2, 3], 12_000)],
    })
  })

  it('and of another, one event of each', () => {
    at.refuse('second', 'c_newer')
    at.pass()
    expect(sort(['u1:c_new', 'u2:c_newer', 'u3']).settlements).toEqual([back([0], 0), back([1], 0)])
  })

  it('an event alone goes into its call', () => {
    expect(sort(['u1:c_new'])).toMatchObject({ call: [0], settlements: [] })
  })
})

describe('of a blamed key', () => {
  beforeEach(() => {
    refuseEight('c_new')
    at.pass()
    expect(at.known.stand('c_new')).toBe('blamed')
  })

  it('all wait, one of them being a suspect', () => {
    expect(sort(['u1:c_new', 'u2', 'u3:c_new'])).toMatchObject({ call: [1], settlements: [back([0, 2], 12_000)] })
    expect(sort(['u1:c_new'])).toMatchObject({ call: [], settlements: [back([0], 12_000)] })
  })

  it('the suspect itself is looked at', () => {
    expect(sort(['c_new-1:c_new'])).toMatchObject({ call: [0], settlements: [] })
  })

  it('one is looked at again where none is a suspect any more', () => {
    for (let i = 1; i <= PARK_AT; i++) at.known.forget(`c_new-${i}`)
    expect(sort(['u1:c_new', 'u2:c_new', 'u3']).settlements).toEqual([back([0], 0), back([1], 12_000)])
  })
})

describe('of a parked key', () => {
  const dead = (places: number[], attempts: number) => ({
    lease: 7,
    places,
    verdict: 'bury',
    reason: 'key_refused',
    code: CODE,
    words: `${CODE}, bad`,
    attempts,
  })

  it('all are buried without a call, in the words that parked it', () => {
    park('c_new')
    expect(sort(['u1:c_new', 'u2:c_good', 'u3:c_new'])).toMatchObject({ call: [1], settlements: [dead([0, 2], 0)] })
    expect(sort(['u1:c_new'])).toMatchObject({ call: [], settlements: [dead([0], 0)] })
  })

  it('a suspect is buried with the calls that it was in, and forgotten', () => {
    park('c_new')
    expect(sort(['u1:c_new', 'c_new-1:c_new', 'c_new-2:c_new'])).toMatchObject({
      call: [],
      settlements: [dead([1], 2), dead([2], 1), dead([0], 0)],
    })
    expect(at.known.suspect('c_new-1')).toBeUndefined()
  })

  it('and of another, in one burial each', () => {
    park('c_new')
    refuseEight('c_newer')
    at.pass()
    at.refuse('c_newer-1', 'c_newer')
    expect(sort(['u1:c_new', 'u2:c_newer', 'u3:c_new']).settlements).toMatchObject([dead([0, 2], 0), dead([1], 0)])
  })
})

it('what is held waits twice as long with each return, up to five minutes', () => {
  expect([0, 1, 2, 3, 4, 5, 50].map(holdMs)).toEqual([12_000, 24_000, 48_000, 96_000, 192_000, 300_000, 300_000])
  at.refuse('first', 'c_new')
  at.pass()
  expect(sort(['u1:c_new', 'u2:c_new', 'u3'], 2).settlements[1]).toEqual(back([1], 48_000))
})
