import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { pageClock } from './page-clock.ts'

const START = Date.UTC(2026, 0, 1)
const HOUR = 3_600_000

describe('the clock of a page', () => {
  let deviceNow = START
  let runningMs = 0
  beforeEach(() => {
    deviceNow = START
    runningMs = 10_000.3
    vi.spyOn(Date, 'now').mockImplementation(() => deviceNow)
    vi.spyOn(performance, 'now').mockImplementation(() => runningMs)
  })
  afterEach(() => void vi.restoreAllMocks())

  const pass = (ms: number) => {
    deviceNow += ms
    runningMs += ms
  }

  it('goes with the device, in whole milliseconds', () => {
    const now = pageClock()
    expect(now()).toBe(START)
    pass(1234.4)
    expect(now()).toBe(START + 1234)
  })

  it('goes on where the device is set back, however often', () => {
    const now = pageClock()
    now()
    pass(1000)
    deviceNow -= 2 * HOUR
    pass(500)
    expect(now()).toBe(START + 1500)
    deviceNow -= 336 * HOUR
    pass(500)
    expect(now()).toBe(START + 2000)
  })

  it('goes on from where the device is set forward, or wakes', () => {
    const now = pageClock()
    now()
    // Asleep: the running time stands still.
    deviceNow += 2 * HOUR
    pass(500)
    expect(now()).toBe(START + 2 * HOUR + 500)
    deviceNow -= 2 * HOUR
    pass(500)
    expect(now()).toBe(START + 2 * HOUR + 1000)
  })
})
