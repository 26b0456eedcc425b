/** So many tokens refused before their time, within one token's life, are no accident. */
const TOO_MANY = 3

/**
 * Notices that tokens are ended before their time again and again, and says what that means: once in a token's life.
 * Instants in milliseconds.
 */
export function renewalWatch(warn: (words: string) => void): { refused(at: number, lifeMs: number): void } {
  let refusals: number[] = []
  let silentUntil = 0
  return {
    refused(at, lifeMs) {
      refusals = [...refusals.filter((before) => at - before < lifeMs), at].slice(-TOO_MANY)
      if (refusals.length < TOO_MANY || at < silentUntil) return
      silentUntil = at + lifeMs
      warn(
        `the platform refused ${TOO_MANY} tokens before their time within ${Math.round(lifeMs / 1000)} s: another system ` +
          'may be fetching tokens with the same appid, which ends ours; give each system an app of its own',
      )
    },
  }
}
