import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { alarmClock, type AlarmClock } from './alarm-clock.ts'

const START = Date.UTC(2026, 0, 1)

let set: number[]
let alarm: number | undefined
let storageFails: boolean
let runs: number[]
let run: () => Promise<void>
let after: () => Promise<void>
let logs: string[]

/** An instance of the object; the alarm outlives it. */
function open(): AlarmClock {
  return alarmClock({
    storage: {
      async setAlarm(at) {
        if (storageFails) throw new Error('no storage')
        set.push(at - START)
        alarm = at
      },
      async deleteAlarm() {
        alarm = undefined
      },
    },
    run() {
      runs.push(Date.now() - START)
      return run()
    },
    after: () => after(),
    log: (level, message, fields) =>
      logs.push(`${level} ${message} ${String(fields?.['error']).replace('Error: ', '')}`),
  })
}

/** The runtime fires the alarm that is due. */
async function fire(clock: AlarmClock): Promise<void> {
  expect(alarm).toBeLessThanOrEqual(Date.now())
  alarm = undefined
  await clock.fired()
}

beforeEach(() => {
  vi.useFakeTimers({ now: START })
  Object.assign({}, (set = []), (runs = []), (logs = []))
  alarm = undefined
  storageFails = false
  run = () => Promise.resolve()
  after = () => Promise.resolve()
})
afterEach(() => vi.useRealTimers())

describe('wakeAt', () => {
  it('sets the alarm where none is set, and moves it to what is earlier alone', () => {
    const clock = open()
    for (const at of [1000, 2000, 500, 700]) clock.wakeAt(START + at)
    expect(set).toEqual([1000, 500])
  })

  it('sets anew what the runtime has given up: an alarm that is long overdue', () => {
    const clock = open()
    clock.wakeAt(START + 20)
    vi.setSystemTime(START + 9000)
    clock.wakeAt(START + 9020)
    expect(set).toEqual([20])
    vi.setSystemTime(START + 11_000)
    clock.wakeAt(START + 11_020)
    expect(set).toEqual([20, 11_020])
  })

  it('sets whole milliseconds alone, and none too early', async () => {
    const clock = open()
    clock.wakeAt(START + 20.42)
    expect(set).toEqual([21])
    vi.setSystemTime(START + 21)
    run = async () => clock.wakeAt(START + 21.42)
    await fire(clock)
    expect(set.at(-1)).toBe(22)
  })

  it('tries again where the storage failed', async () => {
    const clock = open()
    storageFails = true
    clock.wakeAt(START + 20)
    await vi.advanceTimersByTimeAsync(0)
    expect(logs).toEqual(['error the alarm could not be set no storage'])
    storageFails = false
    clock.wakeAt(START + 20)
    expect(set).toEqual([20])
  })
})

describe('an alarm that fires', () => {
  it('is followed by one that is set before anything is done', async () => {
    alarm = START
    let during: number | undefined
    run = async () => void (during = alarm)
    await fire(open())
    expect(during).toBe(START + 10_000)
  })

  it('leaves no alarm where nothing is asked for, and no timer; what is asked for after it sets one', async () => {
    alarm = START
    const clock = open()
    await fire(clock)
    expect([alarm, vi.getTimerCount()]).toEqual([undefined, 0])
    clock.wakeAt(START + 1000)
    expect(alarm).toBe(START + 1000)
  })

  it('leaves to the alarm what was asked for later than its own end', async () => {
    alarm = START
    const clock = open()
    run = async () => clock.wakeAt(START + 2000)
    await fire(clock)
    expect([alarm, vi.getTimerCount()]).toEqual([START + 2000, 0])
  })

  it('leaves the earliest that was asked for meanwhile, and runs at that instant too while it lasts', async () => {
    alarm = START
    const clock = open()
    let end = () => {}
    run = async () => {
      if (runs.length > 1) return
      clock.wakeAt(START + 40_000)
      clock.wakeAt(START + 1000)
      await new Promise<void>((resolve) => (end = resolve))
    }
    const fired = fire(clock)
    await vi.advanceTimersByTimeAsync(1500)
    expect(runs).toEqual([0, 1000])
    expect(alarm).toBe(START + 10_000)
    end()
    await fired
    expect(alarm).toBe(START + 1000)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(runs).toEqual([0, 1000])
  })

  it('that fails ten times in a row never throws, and is set again each time', async () => {
    alarm = START
    const clock = open()
    run = () => Promise.reject(new Error('no queue'))
    for (let failure = 0; failure < 10; failure++) {
      await fire(clock)
      expect(alarm).toBe(Date.now() + 10_000)
      vi.setSystemTime(alarm ?? 0)
    }
    expect(logs).toEqual(Array.from({ length: 10 }, () => 'error an alarm failed; the next one is set no queue'))
    run = () => Promise.resolve()
    await fire(clock)
    expect(alarm).toBeUndefined()
  })

  it('ends before the runtime ends it, with what comes after, and comes back at once for what is not done', async () => {
    alarm = START
    run = () => new Promise(() => {})
    const afters: number[] = []
    after = async () => void afters.push(Date.now() - START)
    const fired = fire(open())
    await vi.advanceTimersByTimeAsync(5 * 60_000)
    await fired
    expect(afters).toEqual([5 * 60_000])
    expect(alarm).toBe(START + 5 * 60_000)
  })
})
