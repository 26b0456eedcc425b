import { randomBytes } from 'node:crypto'
import type { MiniOutcome } from './mini-hosts.ts'
import type { MiniThread } from './mini-thread.ts'

/** How the host's random numbers come; may be changed at any time. */
export interface MiniRandomFaults {
  /** `slow`: they never come. */
  state?: 'well' | 'fails' | 'slow'
  /** What an answer takes, in ms; 10 unless said. */
  afterMs?: number
}

/** From the page on wx.getRandomValues. */
const MOST_BYTES = 1_048_576

export function createMiniRandom(
  thread: MiniThread,
  faults: MiniRandomFaults,
): Pick<WechatMiniprogram.Wx, 'getRandomValues' | 'getUserCryptoManager'> {
  function ask(option: WechatMiniprogram.GetRandomValuesOption): never {
    const { length } = option
    const isRight = Number.isInteger(length) && length > 0 && length <= MOST_BYTES
    if (!isRight)
      thread.violate(`getRandomValues: length must be a whole number from 1 to ${MOST_BYTES}, not ${length}`)
    const { state } = faults
    const work = (): MiniOutcome => {
      if (!isRight) return { failed: 'invalid length' }
      if (state === 'fails') return { failed: 'system error' }
      return { value: { randomValues: thread.realm.bytes(randomBytes(length)) } }
    }
    const afterMs = state === 'slow' ? Infinity : (faults.afterMs ?? 10)
    return thread.answerLater('getRandomValues', option, afterMs, work)
  }
  return {
    getRandomValues: ask,
    getUserCryptoManager: () => ({
      getRandomValues: ask,
      getLatestUserKey: () => {
        throw new Error('getLatestUserKey is not in this double')
      },
    }),
  }
}
