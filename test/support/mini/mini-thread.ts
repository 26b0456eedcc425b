import type { MiniClock } from './mini-clock.ts'
import type { MiniHostFacts, MiniOutcome } from './mini-hosts.ts'
import type { MiniRealm } from './mini-realm.ts'

/** The one thread that an app's JavaScript runs on, from its launch to its end. */
export interface MiniThread {
  /** Nothing runs until it is shown again; what came due waits. */
  isSuspended: boolean
  /** For good: what was under way is lost, and what is still called does nothing. */
  isDead: boolean
  readonly realm: MiniRealm
  /** Runs on the thread later. Returns what takes it back. */
  post(delayMs: number, task: () => void): () => void
  /** Runs code of the app now; what it throws is recorded, and goes no further. */
  call<Result>(code: () => Result): Result | undefined
  /** Something that the host forbids, or does not do what the code asks for. */
  violate(words: string): void
  /**
   * The answer to a call that is answered later: to `success`, `fail` and `complete` where one is given, else by a
   * promise. The work itself is done only then, so that it is lost where the app ends before.
   */
  answerLater(api: string, option: MiniOption | undefined, delayMs: number, work: () => MiniOutcome): never
  /** The same, for work that says itself when it is done. */
  answer(api: string, option: MiniOption | undefined): { settle(outcome: MiniOutcome): void; returned: unknown }
}

export interface MiniOption {
  success?: ((result: never) => void) | undefined
  fail?: ((result: never) => void) | undefined
  complete?: ((result: never) => void) | undefined
}

export function isCalledBack(option: MiniOption = {}): boolean {
  return Boolean(option.success ?? option.fail ?? option.complete)
}

export interface MiniRecord {
  violations: string[]
  errors: unknown[]
  /** Tells the app of its own error. */
  tell?: (error: unknown) => void
}

export function createMiniThread(
  clock: MiniClock,
  facts: MiniHostFacts,
  realm: MiniRealm,
  record: MiniRecord,
): MiniThread {
  const thread: MiniThread = {
    isSuspended: false,
    isDead: false,
    realm,
    post: (delayMs, task) => {
      const run = () => {
        if (!thread.isDead) task()
      }
      return clock.after(delayMs, run, () => thread.isSuspended && !thread.isDead)
    },
    call(code) {
      if (thread.isDead) return undefined
      try {
        return code()
      } catch (error) {
        record.errors.push(error)
        record.tell?.(error)
        return undefined
      }
    },
    violate: (words) => void record.violations.push(words),
    answer(api, option) {
      const { success, fail, complete } = option ?? {}
      if (isCalledBack(option)) {
        const settle = (outcome: MiniOutcome) => {
          const result = realm.own(facts.answer(api, outcome)) as never
          const first = 'failed' in outcome ? fail : success
          if (first) thread.call(() => first(result))
          if (complete) thread.call(() => complete(result))
        }
        return { settle, returned: undefined }
      }
      const { promise, resolve, reject } = realm.promise()
      const settle = (outcome: MiniOutcome) => {
        const result = realm.own(facts.answer(api, outcome))
        if ('failed' in outcome) reject(result)
        else resolve(result)
      }
      return { settle, returned: promise }
    },
    answerLater(api, option, delayMs, work) {
      const { settle, returned } = thread.answer(api, option)
      thread.post(delayMs, () => settle(work()))
      return returned as never
    },
  }
  return thread
}
