import { beforeEach, expect, it } from 'vitest'
import { ramp, type Ramp } from './ramp.ts'

let clock: number
let pace: Ramp
beforeEach(() => {
  clock = 1000
  pace = ramp(() => clock)
})

it('holds nothing back where no halt was', () => {
  pace.called()
  expect(pace.nextAt).toBeLessThanOrEqual(0)
  pace.delivered()
  pace.called()
  expect(pace.nextAt).toBeLessThanOrEqual(0)
})

it('lets the first call after a halt go at once, and the second a second later', () => {
  pace.start()
  expect(pace.nextAt).toBeLessThanOrEqual(clock)
  pace.called()
  expect(pace.nextAt).toBe(clock + 1000)
})

it('shortens the pause by a fifth with each delivery, and is over after 21 of them, some 5 s', () => {
  pace.start()
  const gaps: number[] = []
  while (gaps.length < 100) {
    pace.called()
    if (pace.nextAt <= clock) break
    gaps.push(pace.nextAt - clock)
    clock = pace.nextAt
    pace.delivered()
  }
  expect(gaps.slice(0, 3).map(Math.round)).toEqual([1000, 800, 640])
  expect(gaps).toHaveLength(21)
  expect(gaps.reduce((sum, gap) => sum + gap, 0)).toBeLessThan(5000)
})

it('forgets the pause that is still running when the last delivery ends the ramp', () => {
  pace.start()
  for (let call = 0; call < 20; call++) pace.delivered()
  pace.called()
  expect(pace.nextAt).toBeGreaterThan(clock)
  pace.delivered()
  expect(pace.nextAt).toBeLessThanOrEqual(clock)
})

it('is as long after the next halt', () => {
  pace.start()
  for (let call = 0; call < 30; call++) pace.delivered()
  pace.start()
  pace.called()
  expect(pace.nextAt).toBe(clock + 1000)
})
