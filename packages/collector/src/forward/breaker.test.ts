import { beforeEach, describe, expect, it } from 'vitest'
import { breaker, type Breaker } from './breaker.ts'

let clock: number
let chance: number
let fuse: Breaker
beforeEach(() => {
  clock = 1000
  chance = 1
  fuse = breaker(
    () => clock,
    () => chance,
  )
})

const fail = (times: number) => Array.from({ length: times }, () => fuse.failed(clock))

it('lets calls pass from the start', () => {
  expect(fuse.openUntil).toBeLessThanOrEqual(clock)
  expect(fuse.isHalfOpen).toBe(false)
})

describe('failures', () => {
  it('up to the second in a row make their batch wait, and no other', () => {
    expect(fail(2)).toEqual([1000, 2000])
    expect(fuse.openUntil).toBeLessThanOrEqual(clock)
    expect(fuse.isHalfOpen).toBe(false)
  })

  it('in a row, three of them, open it for the third’s wait', () => {
    expect(fail(3)).toEqual([1000, 2000, 4000])
    expect(fuse.openUntil).toBe(clock + 4000)
    expect(fuse.isHalfOpen).toBe(true)
  })

  it('with an answer between them do not', () => {
    fail(2)
    fuse.succeeded()
    expect(fail(2)).toEqual([1000, 2000])
    expect(fuse.isHalfOpen).toBe(false)
  })

  it('wait a minute at the most', () => {
    const waits: number[] = []
    for (let call = 0; call < 12; call++) {
      waits.push(fuse.failed(clock))
      clock = Math.max(clock, fuse.openUntil)
    }
    expect(waits.slice(5)).toEqual([32_000, ...Array.from({ length: 6 }, () => 60_000)])
  })

  it('have full jitter', () => {
    chance = 0.25
    expect(fail(3)).toEqual([250, 500, 1000])
  })
})

describe('Retry-After', () => {
  it('opens it at once', () => {
    expect(fuse.failed(clock, 1)).toBe(1000)
    expect(fuse.openUntil).toBe(clock + 1000)
    expect(fuse.isHalfOpen).toBe(true)
  })

  it('counts where it is the longer one', () => {
    expect(fuse.failed(clock, 30_000)).toBe(30_000)
    expect(fuse.openUntil).toBe(clock + 30_000)
  })

  it('of zero asks for nothing', () => {
    fuse.failed(clock, 0)
    expect(fuse.isHalfOpen).toBe(false)
  })
})

describe('open', () => {
  it('hears nothing new from calls that were under way when it opened: they wait as long as it is open', () => {
    const startedAt = clock
    clock += 100
    fail(3)
    clock += 1000
    expect(fuse.failed(startedAt)).toBe(3000)
    expect(fuse.openUntil).toBe(clock + 3000)
    // The next failure has the wait of the fourth, not of the fifth.
    clock = fuse.openUntil
    expect(fuse.failed(clock)).toBe(8000)
  })

  it('gives such a call the longer wait it was asked for, and none where its own is over', () => {
    const startedAt = clock
    clock += 100
    fail(3)
    expect(fuse.failed(startedAt, 9000)).toBe(9000)
    clock = fuse.openUntil + 500
    expect(fuse.failed(startedAt)).toBe(0)
  })

  it('counts the failure of the one call that it lets through, even in the instant of its opening', () => {
    chance = 0
    fail(3)
    expect(fuse.openUntil).toBe(clock)
    chance = 1
    expect(fuse.failed(clock)).toBe(8000)
    expect(fuse.openUntil).toBe(clock + 8000)
  })

  it('closes with the first answer, and begins anew', () => {
    fail(5)
    fuse.succeeded()
    expect(fuse.openUntil).toBeLessThanOrEqual(clock)
    expect(fuse.isHalfOpen).toBe(false)
    expect(fail(1)).toEqual([1000])
  })
})
