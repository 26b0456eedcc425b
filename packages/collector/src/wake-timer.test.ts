import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { wakeTimer } from './wake-timer.ts'

beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }))
afterEach(() => vi.useRealTimers())

function timed() {
  const wakes: number[] = []
  const timer = wakeTimer(() => wakes.push(Date.now() - 1_000_000))
  return { wakes, at: (ms: number) => timer.wakeAt(1_000_000 + ms), stop: () => timer.stop() }
}

it('keeps the earliest of all instants asked for', () => {
  const { wakes, at } = timed()
  for (const ms of [500, 200, 900]) at(ms)
  vi.advanceTimersByTime(1000)
  expect(wakes).toEqual([200])
  at(1500)
  vi.advanceTimersByTime(1000)
  expect(wakes).toEqual([200, 1500])
})

it('wakes at once for what is past', () => {
  const { wakes, at } = timed()
  at(-5000)
  vi.advanceTimersByTime(1)
  expect(wakes).toHaveLength(1)
})

it.each([2 ** 31, 1e12, Infinity])('an instant %d ms away leads to no hot loop: it wakes after a minute', (ms) => {
  const { wakes, at } = timed()
  at(ms)
  vi.advanceTimersByTime(59_999)
  expect(wakes).toEqual([])
  vi.advanceTimersByTime(1)
  expect(wakes).toEqual(ms === Infinity ? [] : [60_000])
})

it('is silent once stopped', () => {
  const { wakes, at, stop } = timed()
  at(10)
  stop()
  at(20)
  vi.advanceTimersByTime(1000)
  expect(wakes).toEqual([])
})
