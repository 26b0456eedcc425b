import { parseRetryAfter } from '@warren/protocol'
import type { BatchAddRequest } from './batch-add.ts'
import type { Outcome } from './outcome.ts'
import type { TokenSource } from './token-source.ts'

/** The platform's host, from its own page. */
export const DEFAULT_BASE_URL = 'https://integrate.rabbitpre.com'

/** The path of its page; older accounts may have another (`/api/integrate/event/batchAdd`). */
export const DEFAULT_BATCH_ADD_PATH = '/api/open/event/batchAdd'

/** A call may take this long, its answer's body included. Ours: no page of the vendor says. */
export const DEFAULT_TIMEOUT_MS = 30_000

/** An answer is a line of JSON; whatever is longer is not one, and is not read on. */
const MAX_ANSWER_BYTES = 64 * 1024

/** The vendor's words are kept to this many characters. */
const MAX_WORDS = 500

export interface RabbitpreClientOptions {
  token: TokenSource
  /** Scheme and host. Default {@link DEFAULT_BASE_URL}. */
  baseUrl?: string
  /** Default {@link DEFAULT_BATCH_ADD_PATH}. */
  batchAddPath?: string
  /** Milliseconds. Default {@link DEFAULT_TIMEOUT_MS}. */
  timeoutMs?: number
  /** Default: the global one. */
  fetch?: typeof globalThis.fetch
}

export interface RabbitpreClient {
  /** One call of at most 500 events. Never rejects: whatever happens is an {@link Outcome}. */
  batchAdd(request: BatchAddRequest): Promise<Outcome>
}

export function createRabbitpreClient(options: RabbitpreClientOptions): RabbitpreClient {
  const url = new URL(options.batchAddPath ?? DEFAULT_BATCH_ADD_PATH, options.baseUrl ?? DEFAULT_BASE_URL)
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const send = options.fetch ?? ((input, init) => globalThis.fetch(input, init))

  return {
    async batchAdd(request) {
      const { token, generation } = await options.token.current()
      let status: number
      let headers: Headers
      let text: string | undefined
      try {
        const response = await send(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-token': token },
          body: JSON.stringify(request),
          // Followed, a redirect would carry the token to another host and turn the POST into a GET.
          redirect: 'manual',
          signal: AbortSignal.timeout(timeoutMs),
        })
        status = response.status
        headers = response.headers
        text = await readText(response)
      } catch (error) {
        return unreachable(error, timeoutMs)
      }
      const outcome = readAnswer(status, headers, text, generation, url.host)
      if (outcome.kind === 'unauthorised' && outcome.isRenewable) options.token.refused(generation)
      // A platform that echoes what it was sent must not carry the token into logs and answers.
      if ('words' in outcome) outcome.words = outcome.words.replaceAll(token, '[token]').slice(0, MAX_WORDS)
      return outcome
    },
  }
}

/** The contract's table of answers, from its top to its bottom. */
function readAnswer(
  status: number,
  headers: Headers,
  text: string | undefined,
  generation: number,
  host: string,
): Outcome {
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return unavailable(`HTTP ${status}`, headers)
  }
  if (status === 404 || status === 0 || (status >= 300 && status < 400)) {
    const what = status === 404 ? 'not found' : 'a redirect, which is not followed'
    return { kind: 'misconfigured', status, words: `${host} answered HTTP ${status}: ${what}` }
  }
  if (status === 413) return { kind: 'tooLarge', words: 'HTTP 413' }

  const answer = parseAnswer(text)
  const code = answer?.code ?? `http_${status}`
  const words = answer ? describeAnswer(answer) : `HTTP ${status}`
  if (status === 401 || code === '100200') return { kind: 'unauthorised', isRenewable: true, generation, code, words }
  if (status === 403 || code === '100100' || code === '100300') {
    return { kind: 'unauthorised', isRenewable: false, generation, code, words }
  }
  if (status >= 200 && status < 300) {
    // A login page, an empty or a broken answer says nothing about the events.
    if (!answer) return unavailable(`HTTP ${status} without an answer of the platform's`, headers)
    if (code === '200' && status === 200) return { kind: 'delivered' }
  }
  return { kind: 'refused', code, words }
}

function unavailable(words: string, headers: Headers): Outcome {
  const retryAfterMs = parseRetryAfter(headers.get('retry-after'), Date.now())
  return { kind: 'unavailable', isInDoubt: true, words, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

/** A failed fetch, told by its error's code alone: messages and causes may hold the URL or a header's value. */
function unreachable(error: unknown, timeoutMs: number): Outcome {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return { kind: 'unavailable', isInDoubt: true, words: `no answer within ${timeoutMs} ms` }
  }
  const code = errorCode(error)
  const isInDoubt = !NEVER_LEFT.has(code)
  return { kind: 'unavailable', isInDoubt, words: isInDoubt ? `connection lost (${code})` : `unreachable (${code})` }
}

/** Codes of Node's and undici's errors after which nothing of the request can have left. */
const NEVER_LEFT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

function errorCode(error: unknown): string {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string' && /^[A-Z0-9_]{3,40}$/.test(at.code)) return at.code
    // A happy-eyeballs failure holds one error an address.
    if (at instanceof AggregateError && at.errors.length > 0) return errorCode(at.errors[0])
  }
  return 'no code'
}

interface Answer {
  code: string
  errorCode: string
  msg: string
}

function parseAnswer(text: string | undefined): Answer | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('code' in value)) return undefined
    if (typeof value.code !== 'string' && typeof value.code !== 'number') return undefined
    const field = (name: string) => {
      const at = (value as Record<string, unknown>)[name]
      return typeof at === 'string' || typeof at === 'number' ? String(at) : ''
    }
    return { code: String(value.code), errorCode: field('errorCode'), msg: field('msg') }
  } catch {
    // Not JSON: the caller decides what that means for this status.
    return undefined
  }
}

function describeAnswer({ code, errorCode, msg }: Answer): string {
  return [`code ${code}`, errorCode, msg].filter((part) => part !== '').join(', ')
}

/** The body as text; undefined where it is too long to be an answer. */
async function readText(response: Response): Promise<string | undefined> {
  if (!response.body) return ''
  const decoder = new TextDecoder()
  const reader = response.body.getReader()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.byteLength
    if (bytes > MAX_ANSWER_BYTES) {
      await reader.cancel()
      return undefined
    }
    text += decoder.decode(value, { stream: true })
  }
}
