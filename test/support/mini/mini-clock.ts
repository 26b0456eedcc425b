import { clearTimeout, setImmediate, setTimeout } from 'node:timers'

/**
 * The time of a device: it passes only while a test advances it. What the world does (an answer on its way, the system
 * that ends an app) and what an app's own thread does are tasks on it.
 */
export interface MiniClock {
  /** Ms since 1970, as the device believes. */
  now(): number
  /** Sets what the device believes; no time passes. */
  setNow(at: number): void
  /** Ms that passed since the device was made. */
  elapsed(): number
  /** A task that comes due; while `isFrozen` says so it waits on. Returns what takes it back. */
  after(delayMs: number, task: () => void, isFrozen?: () => boolean): () => void
  /** No time passes before this has settled: it is of the real world, and takes none of the device's. */
  hold(work: Promise<unknown>): void
  /** Lets time pass, tasks run in their order, and promises settle. 0: what is due, and promises. */
  advance(ms: number): Promise<void>
}

interface Task {
  at: number
  run: () => void
  isFrozen: () => boolean
}

/** The real time that held work may take: a collector on loopback answers in ms. */
const HELD_LIMIT_MS = 20_000
/** More tasks than this in one call are a loop without end. */
const TASKS_LIMIT = 200_000

export function createMiniClock(startAt: number): MiniClock {
  let elapsed = 0
  let offset = startAt
  // By the time they are due; of one time, by the order in which they came.
  const tasks: Task[] = []
  const held = new Set<Promise<unknown>>()

  async function settle(): Promise<void> {
    // The event loop turns only when no promise has anything left to do.
    await new Promise<void>((resolve) => void setImmediate(resolve))
    while (held.size > 0) {
      await within(HELD_LIMIT_MS, Promise.allSettled(held))
      await new Promise<void>((resolve) => void setImmediate(resolve))
    }
  }

  return {
    now: () => offset + elapsed,
    setNow(at) {
      offset = at - elapsed
    },
    elapsed: () => elapsed,
    after(delayMs, run, isFrozen = () => false) {
      const task = { at: elapsed + delayMs, run, isFrozen }
      const later = tasks.findIndex((other) => other.at > task.at)
      tasks.splice(later < 0 ? tasks.length : later, 0, task)
      return () => {
        const index = tasks.indexOf(task)
        if (index >= 0) tasks.splice(index, 1)
      }
    },
    hold(work) {
      const settled = work.then(
        () => void held.delete(settled),
        () => void held.delete(settled),
      )
      held.add(settled)
    },
    async advance(ms) {
      const until = elapsed + ms
      for (let ran = 0; ; ran++) {
        if (ran > TASKS_LIMIT)
          throw new Error(`over ${TASKS_LIMIT} tasks in ${ms} ms of the device: a loop without end`)
        await settle()
        const index = tasks.findIndex((task) => task.at <= until && !task.isFrozen())
        const [task] = index < 0 ? [] : tasks.splice(index, 1)
        if (!task) break
        elapsed = Math.max(elapsed, task.at)
        task.run()
      }
      elapsed = until
    },
  }
}

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  const { promise: limit, reject } = Promise.withResolvers<never>()
  const words = `the network of the test did not answer in ${limitMs} ms; answer 'hang' where none is to come`
  const timer = setTimeout(() => reject(new Error(words)), limitMs)
  try {
    await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
