import type { MiniThread } from './mini-thread.ts'

/** Timers over this come at once in the engines; from the 32 bits that hold a delay. */
const MOST_MS = 2 ** 31 - 1
/** No timer is due in the task that set it. */
const LEAST_MS = 1

type Timer = (callback: (...given: unknown[]) => void, delayMs?: number, ...given: unknown[]) => number

export interface MiniTimers {
  setTimeout: Timer
  setInterval: Timer
  clearTimeout(id?: number): void
  clearInterval(id?: number): void
}

/** An app's timers, on the clock of the device. */
export function createMiniTimers(thread: MiniThread): MiniTimers {
  const running = new Map<number, () => void>()
  let last = 0

  function start(name: string, isAgain: boolean): Timer {
    return (callback, delayMs = 0, ...given) => {
      if (typeof callback !== 'function') {
        thread.violate(`${name}: the callback is ${typeof callback}`)
        throw thread.realm.error(`${name}: the callback must be a function`)
      }
      if (delayMs > MOST_MS) thread.violate(`${name}: ${delayMs} ms overflow a timer, which then comes at once`)
      const waitMs = delayMs > LEAST_MS && delayMs <= MOST_MS ? delayMs : LEAST_MS
      const id = ++last
      const arm = () => {
        running.set(
          id,
          thread.post(waitMs, () => {
            if (isAgain) arm()
            else running.delete(id)
            thread.call(() => callback(...given))
          }),
        )
      }
      arm()
      return id
    }
  }
  function clear(id?: number) {
    running.get(id!)?.()
    running.delete(id!)
  }
  return {
    setTimeout: start('setTimeout', false),
    setInterval: start('setInterval', true),
    clearTimeout: clear,
    clearInterval: clear,
  }
}
