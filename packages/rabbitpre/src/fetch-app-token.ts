import { parseRetryAfter } from '@warren/protocol'
import { describeAnswer, parseAnswer, type Answer } from './answer.ts'
import { DEFAULT_BASE_URL } from './default-base-url.ts'
import { exchange, type Exchange } from './exchange.ts'
import { readStatus } from './read-status.ts'
import { redact } from './redact.ts'
import { checkToken, type TokenTrouble } from './token-source.ts'

/** The path of the vendor's page (pageId 986242). */
export const DEFAULT_TOKEN_PATH = '/api/open/app/getOrgAccessToken'

/** A token's life where the answer tells none: 7200 s, from the same page, whose own example says 0. */
const DEFAULT_LIFE_MS = 7_200_000

/** Milliseconds. Ours: no page of the vendor says. */
const DEFAULT_TIMEOUT_MS = 10_000

/** Codes that say: these are not the keys of an app that may have a token. A person must act. */
const KEYS_REFUSED = new Set(['100100', '100200', '100300'])

/** An app of the platform's: 工作台-配置-数据集成-自建应用. */
export interface AppKeys {
  appid: string
  secret: string
}

export type FetchedToken = { kind: 'fetched'; token: string; lifeMs: number } | TokenTrouble

export interface AppTokenFetcherOptions {
  /** Scheme and host. Default: the platform's. */
  baseUrl?: string
  /** Default {@link DEFAULT_TOKEN_PATH}. */
  tokenPath?: string
  /** Milliseconds, the answer's body included. Default 10 s. */
  timeoutMs?: number
  now?: () => number
  fetch?: typeof globalThis.fetch
}

/**
 * Asks the platform for a token. The secret travels in the query string, as the vendor has it, so the request is built
 * here and nowhere else; no URL, no cause and no body leaves this file, and what the platform says is cleared of
 * secrets. Never rejects; `generation` is what a refusal's outcome carries.
 */
export function appTokenFetcher(
  options: AppTokenFetcherOptions,
): (keys: AppKeys, generation: number) => Promise<FetchedToken> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, now = Date.now } = options
  const endpoint = new URL(options.tokenPath ?? DEFAULT_TOKEN_PATH, options.baseUrl ?? DEFAULT_BASE_URL)
  const send = options.fetch ?? ((input, init) => globalThis.fetch(input, init))

  return async (keys, generation) => {
    const url = new URL(endpoint)
    // The vendor's spelling.
    url.search = new URLSearchParams({ instanceAppid: keys.appid, instanceSecrect: keys.secret }).toString()
    const got = await exchange(send, url, { headers: { accept: 'application/json' } }, timeoutMs)
    if (!got.isAnswered) return { kind: 'unavailable', isInDoubt: false, words: `no token: ${got.words}` }
    const fetched = readFetched(got, generation)
    if ('words' in fetched) fetched.words = redact(fetched.words, { ...keys })
    if ('code' in fetched) fetched.code = redact(fetched.code, { ...keys })
    return fetched
  }

  function readFetched(
    { status, headers, text }: Extract<Exchange, { isAnswered: true }>,
    generation: number,
  ): FetchedToken {
    const unavailable = (words: string): TokenTrouble => {
      const retryAfterMs = parseRetryAfter(headers.get('retry-after'), now())
      return {
        kind: 'unavailable',
        isInDoubt: false,
        words: `no token: ${words}`,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      }
    }
    const told = readStatus(status, endpoint.host)
    if (told?.kind === 'unavailable') return unavailable(told.words)
    if (told) return { kind: 'misconfigured', status, words: `no token: ${told.words}` }
    const answer = parseAnswer(text)
    const words = answer ? describeAnswer(answer) : `HTTP ${status}`
    const code = answer?.code ?? `http_${status}`
    if (status === 401 || status === 403 || KEYS_REFUSED.has(code)) {
      return { kind: 'unauthorised', isRenewable: false, generation, code, words: `no token: ${words}` }
    }
    if (status !== 200 || code !== '200' || !answer) return unavailable(words)
    const token = readToken(answer)
    return token === undefined
      ? unavailable('the answer holds none that a header can carry')
      : { kind: 'fetched', token, lifeMs: readLife(answer) }
  }
}

function readToken({ data }: Answer): string | undefined {
  const token = data['orgAccessToken']
  if (typeof token !== 'string') return undefined
  try {
    return checkToken(token, '')
  } catch {
    // Said by the caller, in words of its own.
    return undefined
  }
}

/** `expire` in seconds, as a number or in text. */
function readLife({ data }: Answer): number {
  const seconds = Number(data['expire'] ?? 0)
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : DEFAULT_LIFE_MS
}
