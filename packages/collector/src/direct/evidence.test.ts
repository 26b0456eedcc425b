import { beforeEach, describe, expect, it } from 'vitest'
import { evidence, HALT_AT, MAX_SUSPECTS, type Evidence } from './evidence.ts'

const DAY_MS = 86_400_000
const NO = { code: '100400', words: 'no', isSize: false }
const event = (name: string, eventKey = 'c_buy') => ({ name, eventKey, print: '' })

let clock: number
let known: Evidence
beforeEach(() => {
  clock = 1000
  known = evidence(() => clock)
})

describe('suspects', () => {
  it('are forgotten, the oldest first, where there are too many', () => {
    for (let i = 0; i <= MAX_SUSPECTS; i++) known.refusedAlone(event(`e${i}`), NO)
    expect(known.suspects).toBe(MAX_SUSPECTS)
    expect([known.dueAt('e0'), known.dueAt('e1')]).toEqual([undefined, expect.any(Number)])
  })

  it('are forgotten after a day', () => {
    known.refusedAlone(event('old'), NO)
    clock += DAY_MS
    known.refusedAlone(event('new'), NO)
    expect([known.dueAt('old'), known.suspects]).toEqual([undefined, 1])
  })

  it('begin anew under another code', () => {
    known.refusedAlone(event('a'), NO)
    clock += 10_000
    known.delivered([event('b')])
    expect(known.refusedAlone(event('a'), NO)).toBe('again')
    expect(known.refusedAlone(event('a'), { ...NO, code: '100401' })).toBe('wait')
    expect(known.dueAt('a')).toBe(clock + 60_000)
  })

  it('stand in the order of their first refusals, whose day is counted', () => {
    known.refusedAlone(event('a'), NO)
    clock += 3_600_000
    known.refusedAlone(event('b'), NO)
    known.refusedAlone(event('a'), NO)
    clock += DAY_MS - 3_600_000
    known.refusedAlone(event('c'), NO)
    expect(['a', 'b', 'c'].filter((name) => known.dueAt(name) !== undefined)).toEqual(['b', 'c'])
  })

  it('under another code stand behind those that came between', () => {
    known.refusedAlone(event('a'), NO)
    clock += 1000
    known.refusedAlone(event('b'), NO)
    clock += 1000
    known.refusedAlone(event('a'), { ...NO, code: '100401' })
    clock += DAY_MS - 1000
    known.refusedAlone(event('c'), NO)
    expect(['a', 'b', 'c'].filter((name) => known.dueAt(name) !== undefined)).toEqual(['a', 'c'])
  })

  it('begin anew with another content, and are none once that is delivered, which proves nothing', () => {
    const other = { ...event('a'), print: 'other' }
    known.refusedAlone(event('a'), NO)
    known.delivered([event('b')])
    clock += 10_000
    expect(known.refusedAlone(event('a'), NO)).toBe('again')
    expect(known.refusedAlone(other, NO)).toBe('wait')
    expect(known.dueAt('a')).toBe(clock + 60_000)
    known.delivered([event('a')])
    expect([known.dueAt('a'), known.suspects, known.isIll(NO.code)]).toEqual([undefined, 0, false])
  })

  it('are not settled within 10 s of the first refusal, whatever is delivered', () => {
    known.refusedAlone(event('a'), NO)
    known.delivered([event('b')])
    clock += 9999
    for (let i = 0; i < 10; i++) expect(known.refusedAlone(event('a'), NO)).toBe('wait')
    clock++
    expect(known.refusedAlone(event('a'), NO)).toBe('final')
  })

  it('are none any more when they are refused for good', () => {
    known.refusedAlone(event('a'), NO)
    known.conclude('a')
    expect([known.suspects, known.dueAt('a')]).toEqual([0, undefined])
    // Forgotten meanwhile.
    expect(() => known.conclude('a')).not.toThrow()
  })

  it('are due 10 s after the first refusal where another was delivered since, else a minute after the last', () => {
    known.refusedAlone(event('a'), NO)
    expect(known.dueAt('a')).toBe(61_000)
    clock += 4000
    known.delivered([event('b')])
    expect(known.dueAt('a')).toBe(11_000)
    expect(known.dueAt('b')).toBeUndefined()
  })
})

describe('a proof', () => {
  /** Refusals until it is final, 10 s after the first. */
  function refusalsOf(uuid: string): number {
    known.refusedAlone(event(uuid), NO)
    clock += 10_000
    known.delivered([event(`after-${uuid}`)])
    for (let count = 2; ; count++) {
      if (known.refusedAlone(event(uuid), NO) !== 'final') continue
      known.conclude(uuid)
      return count
    }
  }

  it('of a code takes six refusals, and spares the next three for a day', () => {
    expect([refusalsOf('a'), refusalsOf('b')]).toEqual([6, 3])
    clock += DAY_MS
    expect(refusalsOf('c')).toBe(6)
  })

  it('falls where the code turns out to mean illness', () => {
    refusalsOf('a')
    known.refusedAlone(event('b'), NO)
    known.refusedAlone(event('c'), NO)
    known.refusedAlone(event('other'), { ...NO, code: '100401' })
    known.delivered([event('b')])
    expect([known.isIll(NO.code), known.isIll('100401')]).toEqual([true, false])
    // Those of other codes are no better for it.
    expect(['c', 'other'].map((name) => known.dueAt(name) !== undefined)).toEqual([false, true])
    expect(refusalsOf('at once')).toBe(6)
    clock += DAY_MS
    expect(known.isIll(NO.code)).toBe(false)
    expect(refusalsOf('d')).toBe(6)
  })
})

describe('a key', () => {
  it('that never passed is held after one refusal, one that did after three, until it passes', () => {
    known.refusedAlone(event('a', 'c_new'), NO)
    expect(known.isHeld('c_new')).toBe(true)
    known.delivered([event('b', 'c_new')])
    const held = ['c', 'd', 'e'].map((uuid) => {
      known.refusedAlone(event(uuid, 'c_new'), NO)
      return known.isHeld('c_new')
    })
    expect(held).toEqual([false, false, true])
    known.delivered([event('f', 'c_new')])
    expect(known.isHeld('c_new')).toBe(false)
  })

  it('is forgotten where a thousand others were used since', () => {
    for (const name of ['used', 'unused', 'third']) known.refusedAlone(event(name, name), NO)
    for (let i = 0; i < 997; i++) known.delivered([event('good', `c_${i}`)])
    expect(known.isHeld('unused')).toBe(true)
    known.refusedAlone(event('again', 'used'), NO)
    known.delivered([event('good', 'c_more')])
    expect(['used', 'unused', 'third'].map(known.isHeld)).toEqual([true, false, true])
  })

  it('is not blamed for an event that is too large, nor twice for one event', () => {
    known.delivered([event('a')])
    known.refusedAlone(event('b'), { ...NO, code: 'http_413', isSize: true })
    for (let i = 0; i < 5; i++) known.refusedAlone(event('c'), NO)
    expect(known.isHeld('c_buy')).toBe(false)
  })

  it('that is refused while others pass does not count for a halt; all others do, each event once', () => {
    known.refusedAlone(event('a', 'c_bad'), NO)
    known.delivered([event('b')])
    for (let i = 0; i < 20; i++) known.refusedAlone(event(`bad${i}`, 'c_bad'), NO)
    expect(known.refusedInARow).toBe(0)
    for (let i = 0; i < 3; i++) known.refusedAlone(event('c'), NO)
    expect(known.refusedInARow).toBe(1)
    for (let i = 0; i < 20; i++) known.refusedAlone(event(`d${i}`), NO)
    expect(known.refusedInARow).toBe(HALT_AT)
  })

  it('that has passed does not count for a halt either, once others pass while it is refused', () => {
    known.delivered([event('a')])
    known.refusedAlone(event('b'), NO)
    expect(known.refusedInARow).toBe(1)
    known.delivered([event('c', 'c_other')])
    for (const name of ['d', 'e', 'f']) known.refusedAlone(event(name), NO)
    expect(known.refusedInARow).toBe(0)
  })

  it('that never passed counts for a halt as long as nothing has passed at all', () => {
    known.refusedAlone(event('a', 'c_a'), NO)
    known.refusedAlone(event('b', 'c_b'), NO)
    known.refusedAlone(event('c', 'c_b'), NO)
    expect(known.refusedInARow).toBe(3)
    known.delivered([event('d')])
    expect(known.refusedInARow).toBe(0)
    known.refusedAlone(event('e', 'c_e'), NO)
    expect(known.refusedInARow).toBe(0)
    known.refusedAlone(event('f'), NO)
    known.refusedAlone(event('g'), NO)
    expect(known.refusedInARow).toBe(2)
  })
})
