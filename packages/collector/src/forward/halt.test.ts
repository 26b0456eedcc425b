import { beforeEach, describe, expect, it } from 'vitest'
import { halt, haltNote } from './halt.ts'

const CAP_MS = 60_000
let clock: number
let chance: number
beforeEach(() => {
  clock = 1000
  chance = 1
})

const begin = (from: Parameters<typeof halt>[1] = { words: 'no' }) =>
  halt({ capMs: CAP_MS, now: () => clock, random: () => chance }, from)

describe('a halt', () => {
  it('begins now, with the upstream’s words, and is probed within a second', () => {
    chance = 0.5
    const stop = begin()
    expect(stop).toMatchObject({ since: 1000, words: 'no', nextAt: 1500, isProbing: false })
    expect(stop.refusedKeys.size).toBe(0)
  })

  it('is probed more and more seldom, up to its cap', () => {
    const stop = begin()
    const waits = Array.from({ length: 8 }, () => {
      stop.probed('no')
      return stop.nextAt - clock
    })
    expect(waits).toEqual([2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
  })

  it('waits as long as the upstream asks, where that is longer', () => {
    const stop = begin()
    stop.probed('busy', { retryAfterMs: 30_000 })
    expect(stop.nextAt).toBe(clock + 30_000)
    stop.probed('busy', { retryAfterMs: 1 })
    expect(stop.nextAt).toBe(clock + 4000)
  })

  it('says what was said last, and since when it lasts', () => {
    const stop = begin()
    clock += 500
    stop.probed('still no')
    expect(stop).toMatchObject({ words: 'still no', since: 1000 })
  })

  it('remembers the keys that were refused, a hundred of them', () => {
    const stop = begin({ words: 'no', refusedKeys: ['c_first'] })
    stop.probed('no')
    expect([...stop.refusedKeys]).toEqual(['c_first'])
    for (let key = 1; key < 150; key++) stop.probed('no', { key: `c_${key}` })
    expect(stop.refusedKeys.size).toBe(100)
    expect([...stop.refusedKeys].slice(0, 2)).toEqual(['c_first', 'c_1'])
  })

  it('is probed at once, and with short waits again, when something may have cured it', () => {
    const stop = begin()
    for (let probe = 0; probe < 6; probe++) stop.probed('no')
    stop.hurry()
    expect(stop.nextAt).toBe(clock)
    stop.probed('no')
    expect(stop.nextAt).toBe(clock + 2000)
  })
})

describe('its note', () => {
  it('holds what outlives a restart', () => {
    const stop = begin({ words: 'no', refusedKeys: ['c_a'] })
    stop.probed('still no', { key: 'c_b' })
    expect(haltNote(stop)).toEqual({ since: 1000, words: 'still no', refusedKeys: ['c_a', 'c_b'] })
  })

  it('brings it back with its age and its keys, to be probed soon: whoever restarts may have cured it', () => {
    clock = 900_000
    const stop = begin({ since: 1000, words: 'no', refusedKeys: ['c_a'] })
    expect(stop).toMatchObject({ since: 1000, words: 'no', nextAt: clock + 1000 })
    expect([...stop.refusedKeys]).toEqual(['c_a'])
  })
})
