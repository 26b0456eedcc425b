import type { Telemetry } from '../telemetry.ts'
import { wakeTimer } from '../wake-timer.ts'

/**
 * Wakes a forwarder by an object's one alarm, which outlives the object's instance.
 *
 * | the alarm is | `wakeAt(at)` | the runtime fires it |
 * |---|---|---|
 * | not set, as far as this instance knows | sets it | – |
 * | set for earlier than `at` | nothing | firing |
 * | set for later, or long overdue: the runtime gives up an alarm that failed six times | sets it anew | – |
 * | firing | a timer of this instance runs it then, and the alarm at the end is set for it | (one at a time) |
 *
 * While it fires, another is set already, ten seconds from here: an instance that dies in the midst is followed by one
 * that goes on. Nothing is thrown into the runtime, whose own retries end after six.
 */
export interface AlarmClock {
  /** Asks for a run at this instant, or earlier. */
  wakeAt(at: number): void
  /** The alarm has fired. Never rejects. */
  fired(): Promise<void>
}

export interface AlarmStorage {
  setAlarm(at: number): Promise<void>
  deleteAlarm(): Promise<void>
}

export interface AlarmClockOptions {
  storage: AlarmStorage
  /** Does what is due; resolves when what it began has ended, which under steady load may take days. */
  run: () => Promise<void>
  /** Done once each time the alarm fires: when the run has ended, or has taken as long as a handler may. */
  after: () => Promise<void>
  log: Telemetry['log']
  now?: () => number
}

/** The alarm that is set while one fires: an object that dies then is away for so long. */
const WATCHDOG_MS = 10_000

/** An alarm that is this late was given up; one that is on its way is a few seconds late at the most. */
const OVERDUE_MS = 10_000

/** A handler's share of the 15 minutes that the runtime allows it (developers.cloudflare.com/durable-objects: limits). */
const FIRES_AT_MOST_MS = 5 * 60_000

export function alarmClock({ storage, run, after, log, now = Date.now }: AlarmClockOptions): AlarmClock {
  let armedAt = Infinity
  let isFiring = false
  let nextAt = Infinity
  let timer = wakeTimer(() => {})

  const failed = (error: unknown) => log('error', 'the alarm could not be set', { error: String(error) })

  function arm(at: number): Promise<void> {
    // In whole milliseconds: one at a fraction of the present millisecond is set and never fires (workerd, tried), and
    // jitter makes fractions.
    armedAt = Math.ceil(at)
    return storage.setAlarm(armedAt).catch((error: unknown) => {
      armedAt = Infinity
      failed(error)
    })
  }

  /** Whether all that the run began has ended within what a handler may take. */
  async function runAtMost(): Promise<boolean> {
    let limit: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<boolean>((resolve) => {
      limit = setTimeout(() => resolve(false), FIRES_AT_MOST_MS)
    })
    try {
      return await Promise.race([run().then(() => true), late])
    } finally {
      clearTimeout(limit)
    }
  }

  return {
    wakeAt(at) {
      if (isFiring) {
        nextAt = Math.min(nextAt, at)
        timer.wakeAt(at)
      } else if (at < armedAt || armedAt < now() - OVERDUE_MS) void arm(at)
    },
    async fired() {
      isFiring = true
      nextAt = Infinity
      timer = wakeTimer(() => void run())
      await arm(now() + WATCHDOG_MS)
      try {
        // What has not ended by then goes on, and the next alarm looks after it.
        if (!(await runAtMost())) nextAt = Math.min(nextAt, now())
        await after()
      } catch (error) {
        log('error', 'an alarm failed; the next one is set', { error: String(error) })
        nextAt = Math.min(nextAt, now() + OVERDUE_MS)
      }
      isFiring = false
      timer.stop()
      if (nextAt < Infinity) return arm(nextAt)
      armedAt = Infinity
      await storage.deleteAlarm().catch(failed)
    },
  }
}
