import { beforeEach, describe, expect, it } from 'vitest'
import { CODE, refusalsStage } from '../testing/refusals-stage.ts'
import { PARK_AT } from './refusals.ts'

let at: ReturnType<typeof refusalsStage>
beforeEach(() => {
  at = refusalsStage()
})

describe('a key', () => {
  it('is clear while nothing is known of it', () => {
    expect(at.known.stand('c_new')).toBe('clear')
    at.refuse('u1', 'c_new')
    // It may be the upstream as well.
    expect(at.known.stand('c_new')).toBe('clear')
  })

  it('that never passed is held with its first refusal, once others pass', () => {
    at.refuse('u1', 'c_new')
    at.pass()
    expect(at.known.stand('c_new')).toBe('held')
    expect(at.known.stand('c_other')).toBe('clear')
  })

  it('is not held by what passed before its refusals began', () => {
    at.pass()
    at.refuse('u1', 'c_new')
    at.refuse('u2', 'c_new')
    expect(at.known.stand('c_new')).toBe('clear')
  })

  it('counts what passed since the first of its refusals, not the last', () => {
    at.refuse('u1', 'c_new')
    at.pass()
    at.refuse('u2', 'c_new')
    expect(at.known.stand('c_new')).toBe('held')
  })

  it('that has passed is held with its third', () => {
    at.pass('u0', 'c_buy')
    at.refuse('u1')
    at.pass()
    at.refuse('u2')
    expect(at.known.stand('c_buy')).toBe('clear')
    at.refuse('u3')
    expect(at.known.stand('c_buy')).toBe('held')
  })

  it('counts one event once', () => {
    at.pass('u0', 'c_buy')
    for (let times = 0; times < 4; times++) at.refuse('u1')
    at.pass()
    expect(at.known.stand('c_buy')).toBe('clear')
  })

  it('is blamed with its eighth', () => {
    for (let i = 1; i < PARK_AT; i++) at.refuse(`u${i}`, 'c_new')
    at.pass()
    expect(at.known.stand('c_new')).toBe('held')
    at.refuse('u8', 'c_new')
    expect(at.known.stand('c_new')).toBe('blamed')
    // One after another is looked at again; not several at once.
    expect(at.known.needsLook('c_new')).toBe(false)
  })

  it('begins anew with another code', () => {
    for (let i = 1; i <= PARK_AT; i++) at.refuse(`u${i}`, 'c_new')
    at.pass()
    at.refuse('u9', 'c_new', '100500')
    expect(at.known.stand('c_new')).toBe('clear')
    at.pass()
    expect(at.known.stand('c_new')).toBe('held')
  })

  it('is clear again as soon as one of its events passes, and has three to spare then', () => {
    for (let i = 1; i <= PARK_AT; i++) at.refuse(`u${i}`, 'c_new')
    at.pass('u9', 'c_new')
    expect(at.known.stand('c_new')).toBe('clear')
    at.refuse('v1', 'c_new', '100500')
    at.refuse('v2', 'c_new', '100500')
    at.pass()
    expect(at.known.stand('c_new')).toBe('clear')
    at.refuse('v3', 'c_new', '100500')
    expect(at.known.stand('c_new')).toBe('held')
  })

  it('is not blamed for the size of an event, which is judged as any other', () => {
    for (let i = 1; i <= PARK_AT; i++) at.refuse(`u${i}`, 'c_new', 'http_413', { isSize: true })
    at.pass()
    expect(at.known.stand('c_new')).toBe('clear')
    expect(at.known.suspect('u1')).toMatchObject({ code: 'http_413' })
  })
})

describe('a look', () => {
  it('is needed of a key that is not blamed, and of a blamed one none of whose events is a suspect', () => {
    expect(at.known.needsLook('c_new')).toBe(true)
    for (let i = 1; i < PARK_AT; i++) at.refuse(`u${i}`, 'c_new')
    expect(at.known.needsLook('c_new')).toBe(true)
    at.refuse('u8', 'c_new')
    expect(at.known.needsLook('c_new')).toBe(false)
    for (let i = 1; i <= PARK_AT; i++) at.known.forget(`u${i}`)
    at.refuse('v1', 'c_buy')
    expect(at.known.needsLook('c_new')).toBe(true)
  })
})

describe('trust', () => {
  it('goes to a key that passed and was not refused since, then to one not known, then to one that was refused', () => {
    at.pass('u1', 'c_good')
    at.refuse('u2', 'c_bad')
    expect([at.known.trust('c_good'), at.known.trust('c_new'), at.known.trust('c_bad')]).toEqual([2, 1, 0])
    at.refuse('u3', 'c_good')
    expect(at.known.trust('c_good')).toBe(0)
  })
})

describe('a key is parked', () => {
  it('when eight of its events stood refused alone with a proven code, and others passed', () => {
    at.bury('u0', 'c_buy')
    for (let i = 1; i < PARK_AT; i++) at.refuse(`u${i}`, 'c_new')
    at.pass()
    expect(at.known.parked.size).toBe(0)
    at.refuse('u8', 'c_new')
    expect(at.known.stand('c_new')).toBe('parked')
    expect([...at.known.parked]).toEqual([
      ['c_new', { code: '100400', words: '100400, bad', probeAt: at.clock + 60_000, isReviving: false }],
    ])
  })

  it('not before others passed', () => {
    at.bury('u0', 'c_buy')
    for (let i = 1; i <= PARK_AT; i++) at.refuse(`u${i}`, 'c_new')
    expect(at.known.parked.size).toBe(0)
    at.pass()
    at.refuse('u1', 'c_new')
    expect(at.known.stand('c_new')).toBe('parked')
  })

  it('not before its code is proven, and then with the burial that proves it', () => {
    for (let i = 1; i <= PARK_AT; i++) at.refuse(`u${i}`, 'c_new')
    for (let i = 1; i <= PARK_AT; i++) at.refuse(`v${i}`, 'c_else', '100500')
    at.pass()
    at.refuse('u8', 'c_new')
    expect(at.known.parked.size).toBe(0)
    at.clock += 10_000
    for (let times = 2; times < 6; times++) at.refuse('u1', 'c_new')
    expect(at.known.parked.size).toBe(0)
    expect(at.refuse('u1', 'c_new').verdict).toBe('bury')
    expect([...at.known.parked.keys()]).toEqual(['c_new'])
  })

  it('not for the size of its events', () => {
    at.bury('u0', 'c_buy', 'http_413')
    for (let i = 1; i <= PARK_AT; i++) at.refuse(`u${i}`, 'c_new', 'http_413', { isSize: true })
    at.pass()
    at.refuse('u8', 'c_new', 'http_413', { isSize: true })
    expect(at.known.parked.size).toBe(0)
  })

  it('in the words of its last refusal', () => {
    at.bury('u0', 'c_buy')
    for (let i = 1; i < PARK_AT; i++) at.refuse(`u${i}`, 'c_new')
    at.pass()
    at.refuse('u8', 'c_new', CODE, { words: 'unknown key' })
    expect(at.known.parked.get('c_new')?.words).toBe('unknown key')
  })

  it('and stands as clear while its events are on their way back', () => {
    at.bury('u0', 'c_buy')
    for (let i = 1; i < PARK_AT; i++) at.refuse(`u${i}`, 'c_new')
    at.pass()
    at.refuse('u8', 'c_new')
    const key = at.known.parked.get('c_new')
    if (key) key.isReviving = true
    expect(at.known.stand('c_new')).toBe('clear')
  })
})
