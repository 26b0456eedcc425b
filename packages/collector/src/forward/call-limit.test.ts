import { beforeEach, expect, it } from 'vitest'
import { callLimit, MAX_CALLS_IN_FLIGHT, type CallLimit } from './call-limit.ts'

let clock: number
let limit: CallLimit
beforeEach(() => {
  clock = 1000
  limit = callLimit(() => clock)
})

/** Round trips of 50 ms that use all calls that are allowed, and go well. */
function grow(trips: number): number[] {
  return Array.from({ length: trips }, () => {
    const startedAt = clock
    clock += 50
    limit.succeeded(startedAt, true)
    return limit.value
  })
}

it('begins at one, and allows one more after each full round trip that went well, up to its most', () => {
  expect(limit.value).toBe(1)
  expect(grow(5)).toEqual([2, 3, 4, 4, 4])
  expect(MAX_CALLS_IN_FLIGHT).toBe(4)
})

it('has another most where its runtime allows fewer', () => {
  limit = callLimit(() => clock, 3)
  expect(grow(4)).toEqual([2, 3, 3, 3])
})

it('learns nothing from a round trip that did not use what is allowed', () => {
  clock += 50
  limit.succeeded(1000, false)
  expect(limit.value).toBe(1)
})

it('rises once a round trip, however many calls went well in it', () => {
  clock += 50
  for (let call = 0; call < 3; call++) limit.succeeded(1000, true)
  expect(limit.value).toBe(2)
  // One that began in the instant of the rise knows it already.
  limit.succeeded(1050, true)
  expect(limit.value).toBe(3)
})

it('halves after trouble, and never falls below one', () => {
  grow(3)
  const values = Array.from({ length: 3 }, () => {
    limit.failed(clock)
    clock += 50
    return limit.value
  })
  expect(values).toEqual([2, 1, 1])
})

it('halves an odd number downwards', () => {
  grow(2)
  limit.failed(clock)
  expect(limit.value).toBe(1)
})

it('halves once a round trip, however many calls failed in it', () => {
  grow(3)
  const startedAt = clock
  clock += 50
  for (let call = 0; call < 4; call++) limit.failed(startedAt)
  expect(limit.value).toBe(2)
  // One that began in the instant of the cut knows it already.
  limit.failed(clock)
  expect(limit.value).toBe(1)
})

it('does not rise for calls that began before the trouble', () => {
  const startedAt = clock
  clock += 50
  limit.failed(clock)
  limit.succeeded(startedAt, true)
  expect(limit.value).toBe(1)
  limit.succeeded(clock, true)
  expect(limit.value).toBe(2)
})

it('begins at one again after a halt, and hears nothing from calls before it', () => {
  const startedAt = clock
  grow(3)
  limit.reset()
  expect(limit.value).toBe(1)
  limit.succeeded(startedAt, true)
  limit.failed(startedAt)
  expect(limit.value).toBe(1)
  expect(grow(1)).toEqual([2])
})

it('lets the end of a call that began before the halt cut nothing after it', () => {
  const startedAt = clock
  clock += 50
  limit.reset()
  grow(2)
  limit.failed(startedAt)
  expect(limit.value).toBe(3)
})
