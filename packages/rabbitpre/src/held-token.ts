import type { AppKeys } from './fetch-app-token.ts'
import type { KeptToken } from './token-keep.ts'
import type { TokenAnswer, TokenGrant } from './token-source.ts'

/** A token is renewed at 0.7–0.8 of its life: three quarters, with jitter. */
const RENEW_FROM = 0.7
const RENEW_SPREAD = 0.1

/** A token in its holder's hands. Instants in milliseconds since 1970. */
export interface HeldToken extends TokenGrant {
  keys: AppKeys
  lifeMs: number
  expiresAt: number
  renewAt: number
  isRefused: boolean
  /** It has its second turn, since the one after it was refused. */
  isBack: boolean
}

/** A token just fetched: asked for at `beganAt`, and there at `now`. */
export function heldFromFetch(
  { token, lifeMs }: { token: string; lifeMs: number },
  generation: number,
  keys: AppKeys,
  beganAt: number,
  now: number,
  random: () => number,
): HeldToken {
  return {
    token,
    generation,
    keys,
    lifeMs,
    // From before the call to its end, and from after it to its renewal: never too late, and never too early.
    expiresAt: beganAt + lifeMs,
    renewAt: now + lifeMs * (RENEW_FROM + RENEW_SPREAD * random()),
    isRefused: false,
    isBack: false,
  }
}

/**
 * A token that another holder fetched, or an earlier life of this one. It is renewed later than its keep says, by chance
 * so much: else all holders that share it would do so at one instant, and each end the other's.
 */
export function heldFromKeep(kept: KeptToken, keys: AppKeys, random: () => number): HeldToken {
  const { token, generation, lifeMs, expiresAt } = kept
  const renewAt = kept.renewAt + lifeMs * RENEW_SPREAD * random()
  return { token, generation, keys, lifeMs, expiresAt, renewAt, isRefused: false, isBack: false }
}

export function toKept({ token, generation, keys, lifeMs, expiresAt, renewAt }: HeldToken): KeptToken {
  return { token, generation, appid: keys.appid, lifeMs, expiresAt, renewAt }
}

export function granted({ token, generation, renewAt }: HeldToken, now: number): TokenAnswer {
  return { kind: 'granted', token, generation, freshMs: Math.max(0, renewAt - now) }
}
