import { beforeEach, describe, expect, it } from 'vitest'
import { CODE, event, refusalsStage } from '../testing/refusals-stage.ts'
import { PARK_AT, type Verdict } from './refusals.ts'

const DAY_MS = 24 * 60 * 60_000
const waits = (afterMs: number): Verdict => ({ verdict: 'wait', afterMs })

let at: ReturnType<typeof refusalsStage>
beforeEach(() => {
  at = refusalsStage()
})

describe('the first event that is refused alone with a code', () => {
  it('is looked at twice at once, then until 11 s are over, then more and more seldom, up to five minutes', () => {
    const looks = Array.from({ length: 12 }, () => at.refuse('u1'))
    expect(looks.slice(0, 5)).toEqual([0, 0, 1500, 3500, 6000].map(waits))
    expect(looks.slice(5)).toEqual([24_000, 48_000, 96_000, 192_000, 300_000, 300_000, 300_000].map(waits))
  })

  it('waits up to a quarter longer, by chance', () => {
    at.chance = 1
    for (let times = 1; times < 3; times++) at.refuse('u1')
    expect(at.refuse('u1')).toEqual(waits(1875))
  })

  it('is buried with the sixth refusal, 10 s after the first, another event having been delivered between', () => {
    at.refuse('u1')
    at.pass()
    at.clock += 10_000
    for (let times = 2; times < 6; times++) expect(at.refuse('u1').verdict).toBe('wait')
    expect(at.refuse('u1')).toEqual({ verdict: 'bury', attempts: 6 })
    expect(at.known.suspect('u1')).toBeUndefined()
  })

  it('is not buried a moment sooner', () => {
    at.refuse('u1')
    at.pass()
    at.clock += 9_999
    for (let times = 2; times <= 10; times++) expect(at.refuse('u1').verdict).toBe('wait')
    at.clock += 1
    expect(at.refuse('u1')).toEqual({ verdict: 'bury', attempts: 11 })
  })

  it('is not buried while nothing else was delivered since: what was delivered before tells nothing', () => {
    at.pass()
    at.refuse('u1')
    at.clock += 60_000
    for (let times = 2; times <= 10; times++) expect(at.refuse('u1').verdict).toBe('wait')
    at.pass()
    expect(at.refuse('u1').verdict).toBe('bury')
  })

  it('begins anew with another code, and keeps the count of its calls', () => {
    at.refuse('u1')
    at.pass()
    at.clock += 10_000
    for (let times = 2; times < 6; times++) at.refuse('u1')
    expect(at.refuse('u1', 'c_buy', '100500')).toEqual(waits(0))
    expect(at.known.suspect('u1')).toMatchObject({ code: '100500', refusals: 1, attempts: 6, firstAt: at.clock })
    at.pass()
    at.clock += 10_000
    for (let times = 2; times < 6; times++) at.refuse('u1', 'c_buy', '100500')
    expect(at.refuse('u1', 'c_buy', '100500')).toEqual({ verdict: 'bury', attempts: 11 })
  })
})

describe('the others with that code', () => {
  it('wait until it can be proven, are looked at twice, then more and more seldom', () => {
    at.refuse('u1')
    const looks = Array.from({ length: 9 }, () => at.refuse('u2'))
    expect(looks).toEqual([12_000, 0, 24_000, 48_000, 96_000, 192_000, 300_000, 300_000, 300_000].map(waits))
  })

  it('are buried with the third refusal once it is proven', () => {
    at.bury('u1')
    at.refuse('u2')
    at.pass()
    at.clock += 12_000
    expect(at.refuse('u2').verdict).toBe('wait')
    expect(at.refuse('u2')).toEqual({ verdict: 'bury', attempts: 3 })
  })

  it('need the contract’s 10 s and its control all the same', () => {
    at.bury('u1')
    at.refuse('u2')
    at.pass()
    at.clock += 9_999
    at.refuse('u2')
    expect(at.refuse('u2').verdict).toBe('wait')
    at.pass()
    at.refuse('u3')
    at.clock += 12_000
    at.refuse('u3')
    expect(at.refuse('u3').verdict).toBe('wait')
  })

  it('need six again when the proof is a day old', () => {
    at.bury('u1')
    at.clock += DAY_MS
    at.refuse('u2')
    at.pass()
    at.clock += 12_000
    for (let times = 2; times < 6; times++) expect(at.refuse('u2').verdict).toBe('wait')
    expect(at.refuse('u2').verdict).toBe('bury')
  })

  it('have three for as long as a day less a moment', () => {
    at.bury('u1')
    at.clock += DAY_MS - 12_001
    at.refuse('u2')
    at.pass()
    at.clock += 12_000
    at.refuse('u2')
    expect(at.refuse('u2').verdict).toBe('bury')
  })

  it('are no proof of another code', () => {
    at.bury('u1')
    at.refuse('u2', 'c_buy', '100500')
    at.pass()
    at.clock += 12_000
    at.refuse('u2', 'c_buy', '100500')
    expect(at.refuse('u2', 'c_buy', '100500').verdict).toBe('wait')
  })

  it('take no second for a proof where the code is proven already', () => {
    at.bury('u1')
    expect(at.refuse('u2')).toEqual(waits(12_000))
    expect(at.known.suspect('u2')?.isProof).toBe(false)
  })

  it('have one for their proof, whatever other codes have', () => {
    at.refuse('u1')
    expect(at.refuse('u2', 'c_buy', '100500')).toEqual(waits(0))
    expect(at.refuse('u3', 'c_buy', '100500')).toEqual(waits(12_000))
  })
})

describe('a code under which an event was refused and later delivered, unchanged', () => {
  it('means illness for a day: nothing is buried under it, and its events wait up to five minutes', () => {
    at.bury('u1')
    at.refuse('u2')
    expect(at.known.isIll('100400')).toBe(false)
    at.pass('u2', 'c_buy')
    expect(at.known.isIll('100400')).toBe(true)
    expect(at.known.suspect('u2')).toBeUndefined()
    at.chance = 0.5
    expect(at.refuse('u3')).toEqual(waits(150_000))
    expect(at.known.suspect('u3')).toBeUndefined()
    at.clock += DAY_MS - 1
    expect(at.known.isIll('100400')).toBe(true)
    at.clock += 1
    expect(at.known.isIll('100400')).toBe(false)
    // And is no longer proven to mean the event.
    expect(at.refuse('u3')).toEqual(waits(0))
  })

  it('acquits all its suspects, and those of no other code', () => {
    at.refuse('u1')
    at.refuse('u2')
    at.refuse('u3', 'c_buy', '100500')
    at.pass('u2', 'c_buy')
    expect([...at.known.suspects()].map(({ uuid }) => uuid)).toEqual(['u3'])
    expect(at.known.isIll('100500')).toBe(false)
  })

  it('loses its proof', () => {
    at.bury('u1')
    at.known.cleared(['100400'])
    expect(at.known.isIll('100400')).toBe(true)
    expect(Object.keys(at.known.note().provenUntil)).toEqual([])
  })

  it('is told by a whole set of events as well', () => {
    at.known.cleared([])
    expect(at.known.isIll('100400')).toBe(false)
    at.known.cleared(['100400', '100500'])
    expect([at.known.isIll('100400'), at.known.isIll('100500')]).toEqual([true, true])
  })

  it('an event that was not a suspect tells nothing', () => {
    at.refuse('u1')
    at.pass('u9', 'c_buy')
    expect(at.known.isIll('100400')).toBe(false)
    expect(at.known.suspect('u1')).toBeDefined()
  })
})

describe('refused in a row', () => {
  it('counts different events, up to eight, until anything is delivered', () => {
    expect(at.known.refusedInARow).toBe(0)
    at.refuse('u1')
    at.refuse('u1')
    expect(at.known.refusedInARow).toBe(1)
    for (let i = 2; i <= 20; i++) at.refuse(`u${i}`)
    expect(at.known.refusedInARow).toBe(PARK_AT)
    at.pass()
    expect(at.known.refusedInARow).toBe(0)
  })

  it('deliveries are counted by calls', () => {
    at.known.delivered([event('u1'), event('u2')])
    at.pass()
    expect(at.known.deliveries).toBe(2)
  })
})

describe('what is remembered', () => {
  it('are a thousand suspects; another is looked at anew each time', () => {
    for (let i = 0; i < 1000; i++) at.refuse(`u${i}`)
    at.refuse('late')
    expect(at.known.suspect('late')).toBeUndefined()
    expect([...at.known.suspects()]).toHaveLength(1000)
    // One of the thousand can change its code.
    at.refuse('u5', 'c_buy', '100500')
    expect(at.known.suspect('u5')?.code).toBe('100500')
    at.known.forget('u5')
    at.refuse('late')
    expect(at.known.suspect('late')).toBeDefined()
  })

  it('of a suspect is its last refusal’s words', () => {
    at.refuse('u1')
    at.refuse('u1', 'c_buy', CODE, { words: 'said otherwise' })
    expect(at.known.suspect('u1')).toMatchObject({ words: 'said otherwise', refusals: 2, attempts: 2 })
  })
})

describe('after a restart', () => {
  it('a suspect needs another delivery between, and nothing else anew', () => {
    at.refuse('u1')
    at.pass()
    at.clock += 10_000
    for (let times = 2; times <= 6 - 1; times++) at.refuse('u1')
    at.restart()
    expect(at.refuse('u1').verdict).toBe('wait')
    at.pass()
    expect(at.refuse('u1')).toEqual({ verdict: 'bury', attempts: 7 })
  })

  it('its lease and its deliveries are not carried over', () => {
    at.refuse('u1')
    const suspect = at.known.suspect('u1')
    if (suspect) suspect.lease = 7
    expect(at.known.note().suspects).toEqual([
      {
        uuid: 'u1',
        eventKey: 'c_buy',
        code: '100400',
        words: '100400, bad',
        firstAt: at.clock,
        refusals: 1,
        attempts: 1,
        isProof: true,
      },
    ])
  })

  it('a code stays proven or ill for what is left of its day, and is not noted after it', () => {
    at.bury('u1')
    at.known.cleared(['100500'])
    at.clock += DAY_MS / 2
    at.restart()
    expect(at.known.isIll('100500')).toBe(true)
    at.refuse('u2')
    at.pass()
    at.clock += 12_000
    at.refuse('u2')
    expect(at.refuse('u2').verdict).toBe('bury')
    at.clock += DAY_MS
    expect(at.known.isIll('100500')).toBe(false)
    const { illUntil, provenUntil } = at.known.note()
    expect([illUntil, provenUntil]).toEqual([{}, {}])
  })

  it('a key stays parked', () => {
    at.bury('u0', 'c_buy')
    for (let i = 1; i < PARK_AT; i++) at.refuse(`u${i}`, 'c_new')
    at.pass()
    at.refuse('u8', 'c_new')
    const before = [...at.known.parked]
    at.restart()
    expect([...at.known.parked]).toEqual(before)
    expect(at.known.stand('c_new')).toBe('parked')
  })
})
