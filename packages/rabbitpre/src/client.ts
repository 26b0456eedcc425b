import { parseRetryAfter } from '@warren/protocol'
import { describeAnswer, parseAnswer } from './answer.ts'
import type { BatchAddRequest } from './batch-add.ts'
import { DEFAULT_BASE_URL } from './default-base-url.ts'
import { exchange, type Exchange } from './exchange.ts'
import type { Outcome } from './outcome.ts'
import { readStatus } from './read-status.ts'
import { redact } from './redact.ts'
import type { TokenGrant, TokenSource } from './token-source.ts'

/** The path of the vendor's page; older accounts may have another (`/api/integrate/event/batchAdd`). */
export const DEFAULT_BATCH_ADD_PATH = '/api/open/event/batchAdd'

/** A call may take this long, its answer's body included. Ours: no page of the vendor says. */
export const DEFAULT_TIMEOUT_MS = 30_000

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
  /**
   * At most 500 events. Never rejects: whatever happens is an {@link Outcome}. A refused token is renewed and the call
   * sent once more, so this may take two time-outs and a token's.
   */
  batchAdd(request: BatchAddRequest): Promise<Outcome>
}

export function createRabbitpreClient(options: RabbitpreClientOptions): RabbitpreClient {
  const url = new URL(options.batchAddPath ?? DEFAULT_BATCH_ADD_PATH, options.baseUrl ?? DEFAULT_BASE_URL)
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const send = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  const source = options.token

  async function callOnce(body: string, { token, generation }: TokenGrant): Promise<Outcome> {
    const init = { method: 'POST', headers: { 'content-type': 'application/json', 'x-token': token }, body }
    const got = await exchange(send, url, init, timeoutMs)
    if (!got.isAnswered) return { kind: 'unavailable', isInDoubt: got.hasLeft, words: got.words }
    const outcome = readAnswer(got, generation, url.host)
    // A platform that echoes what it was sent must not carry the token into logs and answers.
    if ('words' in outcome) outcome.words = redact(outcome.words, { token })
    if ('code' in outcome) outcome.code = redact(outcome.code, { token })
    if (outcome.kind === 'delivered') source.accepted(generation)
    return outcome
  }

  async function call(body: string): Promise<Outcome> {
    const grant = await source.current()
    if (grant.kind !== 'granted') return grant
    const outcome = await callOnce(body, grant)
    if (!isTokenRefused(outcome)) return outcome
    const next = await source.refused(grant.generation)
    // A refused call has stored nothing, so a trouble with the token is all that there is to tell.
    if (next.kind !== 'granted') return next
    if (next.generation === grant.generation) return outcome
    const second = await callOnce(body, next)
    // Final for this call. Whatever the source makes of it is for the next one, and never rejects.
    if (isTokenRefused(second)) void source.refused(next.generation)
    return second
  }

  // Of the request its text is kept alone: for as long as a call takes, that is a fifth of the memory.
  return { batchAdd: (request) => call(JSON.stringify(request)) }
}

function isTokenRefused(outcome: Outcome): boolean {
  return outcome.kind === 'unauthorised' && outcome.isRenewable
}

/** The contract's table of answers, from its top to its bottom. */
function readAnswer(
  { status, headers, text }: Extract<Exchange, { isAnswered: true }>,
  generation: number,
  host: string,
): Outcome {
  const told = readStatus(status, host)
  if (told?.kind === 'unavailable') return unavailable(told.words, headers)
  if (told) return { kind: 'misconfigured', status, words: told.words }
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
