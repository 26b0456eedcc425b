import type { Context } from 'hono'
import type { WireAnswer, WireRejection } from '@warren/protocol'
import type { CollectorOptions } from '../collector-options.ts'
import type { RefusedEntry } from '../event-sink.ts'
import { ProblemError, problemOf, retryAfterSeconds } from '../problem.ts'
import { checkBatch } from './check-batch.ts'
import { parseBatch } from './parse-batch.ts'
import { readBody } from './read-body.ts'

type Found = ReturnType<CollectorOptions['findSource']>

/** What a tracker is asked to wait when the queue cannot take its events now. */
const QUEUE_RETRY_AFTER_MS = 5000

/**
 * On every answer here, errors too: what `app.ts` has from Hono's middleware for all others, written out. Through the
 * middleware they cost a small batch half of its time (measured: docs/decisions/008).
 */
const ANSWER_HEADERS = {
  'content-type': 'application/json',
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'Retry-After',
  'cross-origin-resource-policy': 'cross-origin',
  'x-content-type-options': 'nosniff',
}

/**
 * `POST /v1/batch`: read, check, enqueue, answer. The answer leaves only when every accepted event is safe in the sink;
 * anything that fails on the way is a problem (see `problem.ts`), and the sender keeps its events.
 */
export function batchRoute(options: CollectorOptions): (c: Context) => Promise<Response> {
  const { findSource, destinations, sink, telemetry, now = Date.now } = options

  /**
   * Checks a body's events and gives the good ones to the sink. Not part of what waits for it: that would hold text,
   * batch and events meanwhile, and have the garbage collector copy them again and again.
   */
  function keep(text: string, { id, rules }: Found, d: string) {
    const publicParams = destinations.get(rules.destination)
    // Configuration is checked before anything is served: a source without its destination cannot be here.
    if (!publicParams) throw new Error(`source ${id} has no destination`)
    const { batch, kind } = parseBatch(text, rules.kind)
    const { entries, rejected } = checkBatch(batch, kind, rules, { name: rules.destination, publicParams }, now())
    const sender = batch.device === undefined ? { d } : { d, device: batch.device }
    return { accepted: entries.length, rejected, kept: sink.enqueue(id, entries, sender) }
  }

  async function take(c: Context, found: Found): Promise<{ answer: WireAnswer; retryAfterMs: number | undefined }> {
    const request = c.req.raw
    checkContentType(request.headers.get('content-type'))
    const checked = keep(await readBody(request, isGzip(c)), found, c.req.query('d') ?? '')
    const source = found.id
    const {
      fresh,
      repeated,
      retry = [],
      refused,
      retryAfterMs,
    } = await checked.kept.catch((error: unknown) => {
      if (error instanceof ProblemError) throw error
      telemetry.log('error', 'the queue could not take a batch', { source, error: String(error) })
      throw new ProblemError(503, 'the queue cannot take events now: keep them and try again', QUEUE_RETRY_AFTER_MS)
    })
    const rejected = refused ? withRefused(checked, refused) : checked.rejected
    // A counter costs as much as a check: most requests have but one of these.
    if (fresh > 0) telemetry.count('events', { source, outcome: 'fresh' }, fresh)
    if (repeated > 0) telemetry.count('events', { source, outcome: 'repeated' }, repeated)
    if (rejected.length > 0) telemetry.count('events', { source, outcome: 'rejected' }, rejected.length)
    if (retry.length > 0) telemetry.count('events', { source, outcome: 'retry' }, retry.length)
    if (fresh > 0) options.onEnqueued?.()
    return { answer: { v: 1, accepted: fresh + repeated, rejected, retry }, retryAfterMs }
  }

  return async (c) => {
    let source = 'none'
    let response: Response
    try {
      const found = findSource(c.req.raw, c.req.query('source') ?? '')
      source = found.id
      const { answer, retryAfterMs } = await take(c, found)
      response = new Response(JSON.stringify(answer), { headers: ANSWER_HEADERS })
      if (retryAfterMs !== undefined) response.headers.set('retry-after', retryAfterSeconds(retryAfterMs))
    } catch (error) {
      response = problemOf(error, telemetry, ANSWER_HEADERS)
    }
    telemetry.count('batches', { source, status: String(response.status) })
    return response
  }
}

/** The events that the check rejected, and those that the sink refused, whose places are among what it was given. */
function withRefused(
  { accepted, rejected }: { accepted: number; rejected: WireRejection[] },
  refused: readonly RefusedEntry[],
): WireRejection[] {
  const known = new Set(rejected.map(({ index }) => index))
  const given = Array.from({ length: accepted + rejected.length }, (_, index) => index).filter((i) => !known.has(i))
  return [
    ...rejected,
    ...refused.map(({ place, uuid, words }) => ({
      index: given[place] ?? -1,
      uuid,
      code: 'refused' as const,
      path: '',
      message: words,
    })),
  ]
}

/** `gz=1` in the query, since the header would cost browsers a preflight; the header itself from servers. */
function isGzip(c: Context): boolean {
  if (c.req.query('gz') === '1') return true
  const encoding = c.req.header('content-encoding')?.trim().toLowerCase() ?? ''
  if (encoding === '' || encoding === 'identity') return false
  if (encoding === 'gzip') return true
  throw new ProblemError(415, 'content-encoding: only gzip is read here')
}

function checkContentType(header: string | null): void {
  // Bytes without a type are read: there is only one thing they can be here.
  if (header === null || header === '') return
  const [type = '', ...parameters] = header.split(';').map((part) => part.trim().toLowerCase())
  if (type !== 'text/plain' && type !== 'application/json') {
    throw new ProblemError(415, 'content-type: send JSON as text/plain;charset=UTF-8 or application/json')
  }
  const charset = parameters
    .find((parameter) => parameter.startsWith('charset='))
    ?.slice(8)
    .replaceAll('"', '')
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    throw new ProblemError(415, 'content-type: the charset must be UTF-8')
  }
}
