import { fullJitter } from '@warren/protocol'
import { appTokenFetcher, type AppKeys, type AppTokenFetcherOptions } from './fetch-app-token.ts'
import { granted, heldFromFetch, heldFromKeep, toKept, type HeldToken } from './held-token.ts'
import { renewalWatch } from './renewal-watch.ts'
import type { SecretValue } from './secret-value.ts'
import { survivingKeep, type TokenKeep } from './token-keep.ts'
import type { TokenAnswer, TokenTrouble, WatchedTokenSource } from './token-source.ts'

/**
 * The two-hour token, fetched with appid and secret. One holder for all callers:
 *
 * | the token at hand | `current()` | `refused()` of it |
 * |---|---|---|
 * | fresh | gives it | fetches another, once for all callers; again soon after that: gives it again |
 * | past 0.7–0.8 of its life (a kept one: 0.7–0.9) | gives it, and fetches the next behind the callers' backs | as above |
 * | new, not yet accepted | gives it | the one before has its turn once more, if it has life left |
 * | none, expired, refused, or of other keys | waits for the one fetch | – |
 *
 * With a `keep`, a look there comes before every fetch, and before every answer to a refusal of the token at hand: a kept
 * one of this app that is newer than all that were seen here, and has life left, is taken instead. So whoever comes
 * after an evicted holder goes on with its token, and holders that share a keep go on with each other's.
 *
 * A holder never has more than one token call under way: whether a new token ends the old one is not said, so a second
 * call could end the first one's. (Two that share a keep may call at one instant, and then see each other's by a
 * refusal: where there can be one holder for all, there should be.) A call that failed is not repeated before its
 * back-off is over; until then every caller gets its answer.
 */
export interface AppTokenOptions extends AppTokenFetcherOptions {
  /** Read again at each use, so that a change on file is taken up. */
  appid: SecretValue
  secret: SecretValue
  /** Told in words what a person should know. */
  warn: (words: string) => void
  /** Told once when appid or secret have changed. */
  onChange?: () => void
  /** Where the token outlives this holder. Default: nowhere. */
  keep?: TokenKeep
  /**
   * Given the work that callers share, where a runtime ends a request's work with the request: a Worker's `waitUntil`.
   * Without it, a renewal cut off there is waited for in vain by all who come after. Default: work goes on by itself.
   */
  waitUntil?: (work: Promise<unknown>) => void
  random?: () => number
}

/** As the contract's table has it for calls that failed; never under a quarter of a second. */
const BACKOFF = { baseMs: 1000, capMs: 60_000, leastMs: 250 }

interface Failure {
  keys: AppKeys
  trouble: TokenTrouble
  /** No other call before this. */
  until: number
}

export function appToken(options: AppTokenOptions): WatchedTokenSource {
  const { appid, secret, warn, onChange, now = Date.now, random = Math.random } = options
  const fetchToken = appTokenFetcher(options)
  const watch = renewalWatch(warn)
  const keep = options.keep && survivingKeep(options.keep, warn)

  let keys: AppKeys | undefined
  let reading: Promise<AppKeys> | undefined
  /** The newest that was seen here. */
  let generation = 0
  let held: HeldToken | undefined
  /** The one before, until the one at hand has worked. */
  let former: HeldToken | undefined
  let looking: Promise<boolean> | undefined
  let fetching: Promise<void> | undefined
  let failure: Failure | undefined
  let failures = 0
  /** Renewals by refusal since a token last worked, and when the next may be. */
  let refusals = 0
  let refusalFrom = 0
  let warned = ''

  const backoffMs = (attempt: number) =>
    Math.max(BACKOFF.leastMs, fullJitter(attempt, BACKOFF.baseMs, BACKOFF.capMs, random))

  /** The keys as they are now. All callers share one look, so that none can bring back what another saw change. */
  function readKeys(): Promise<AppKeys> {
    return (reading ??= readKeysOnce().finally(() => (reading = undefined)))
  }

  async function readKeysOnce(): Promise<AppKeys> {
    const next = { appid: await appid.read(), secret: await secret.read() }
    if (keys && !isSame(keys, next)) {
      failure = undefined
      failures = 0
      keys = next
      onChange?.()
    }
    return (keys ??= next)
  }

  /** A token of a former secret may still work; one of another app is another app's. */
  const isAlive = (one: HeldToken) => !one.isRefused && now() < one.expiresAt && one.keys.appid === keys?.appid
  const isCooling = () => failure !== undefined && now() < failure.until

  function shared<Result>(work: Promise<Result>): Promise<Result> {
    options.waitUntil?.(work)
    return work
  }

  /** Has one call made, or joins the one under way; of former keys, it is waited for and followed by one's own. */
  function renew(present: AppKeys): Promise<void> {
    return (fetching ??= shared(renewOnce(present).finally(() => (fetching = undefined))))
  }

  async function renewOnce(by: AppKeys): Promise<void> {
    if (!(await takeKept(by))) await fetchOnce(by)
  }

  /** Takes what another holder has fetched, or an earlier life. One look for all, which learn alike what it brought. */
  function takeKept(by: AppKeys): Promise<boolean> {
    return (looking ??= shared(takeKeptOnce(by).finally(() => (looking = undefined))))
  }

  async function takeKeptOnce(by: AppKeys): Promise<boolean> {
    const kept = await keep?.load()
    if (!kept || kept.appid !== by.appid || kept.generation <= generation) return false
    generation = kept.generation
    if (now() >= kept.expiresAt) return false
    take(heldFromKeep(kept, by, random))
    return true
  }

  function take(next: HeldToken): void {
    former = held && isAlive(held) ? held : undefined
    held = next
    failure = undefined
    failures = 0
    warned = ''
  }

  /** Holders that share a keep and fetch at once must not give two tokens one number, so theirs are instants. */
  const nextGeneration = () => Math.max(generation + 1, keep ? now() : 0)

  async function fetchOnce(by: AppKeys): Promise<void> {
    const beganAt = now()
    const fetched = await fetchToken(by, generation)
    // Keys that were replaced meanwhile: whoever waits sees it and begins again.
    if (keys && !isSame(keys, by)) return
    if (fetched.kind !== 'fetched') {
      const askedMs = fetched.kind === 'unavailable' ? (fetched.retryAfterMs ?? 0) : 0
      failure = { keys: by, trouble: fetched, until: now() + Math.max(backoffMs(failures++), askedMs) }
      const words = `${fetched.words}${held && isAlive(held) ? '; the token at hand stays in use' : ''}`
      if (words !== warned) warn(words)
      warned = words
      return
    }
    generation = nextGeneration()
    const next = heldFromFetch(fetched, generation, by, beganAt, now(), random)
    take(next)
    await keep?.save(toKept(next))
  }

  /** What there is without a call. */
  function atHand(): TokenAnswer | undefined {
    if (held && isAlive(held)) return granted(held, now())
    return failure && troubleOf(failure)
  }

  function troubleOf({ trouble, until }: Failure): TokenTrouble {
    if (trouble.kind !== 'unavailable' || trouble.retryAfterMs === undefined) return trouble
    return { ...trouble, retryAfterMs: Math.max(0, until - now()) }
  }

  async function current(): Promise<TokenAnswer> {
    for (;;) {
      const present = await readKeys()
      if (held && isAlive(held) && isSame(held.keys, present)) {
        if (now() >= held.renewAt && !isCooling()) void renew(present)
        return granted(held, now())
      }
      const known = isCooling() ? atHand() : undefined
      if (known) return known
      const before = held
      await renew(present)
      // As fetched, even where its life was over before it arrived.
      if (held && held !== before && isSame(held.keys, present)) return granted(held, now())
      if (failure && isSame(failure.keys, present)) {
        return held && isAlive(held) ? granted(held, now()) : failure.trouble
      }
    }
  }

  return {
    current,
    async refused(refusedGeneration) {
      const present = await readKeys()
      // At the beginning of a life it may be the kept one that was refused.
      if (keep && (!held || (held.generation === refusedGeneration && !held.isRefused))) await takeKept(present)
      if (former?.generation === refusedGeneration) former = undefined
      if (held?.generation !== refusedGeneration || held.isRefused) return current()
      if (!isSame(held.keys, present)) {
        held.isRefused = true
        return current()
      }
      if (former && isAlive(former)) {
        held = { ...former, isBack: true, renewAt: now() + backoffMs(refusals++) }
        former = undefined
        return granted(held, now())
      }
      // The answer to a refusal was refused as well: another one at once would fare no better.
      if (now() < refusalFrom) return granted(held, now())
      refusalFrom = now() + backoffMs(refusals++)
      if (now() < held.expiresAt) watch.refused(now(), held.lifeMs)
      held.isRefused = true
      return current()
    },
    accepted(acceptedGeneration) {
      if (held?.generation !== acceptedGeneration) return
      former = undefined
      if (held.isBack) return
      refusals = 0
      refusalFrom = 0
    },
    async look() {
      await Promise.all([appid.look(), secret.look()])
      await readKeys()
    },
  }
}

function isSame(one: AppKeys, other: AppKeys): boolean {
  return one.appid === other.appid && one.secret === other.secret
}
