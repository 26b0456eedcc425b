import type { Context } from 'hono'
import type { WireAnswer } from '@warren/protocol'
import type { CollectorOptions } from '../collector-options.ts'
import { ProblemError, problemOf } from '../problem.ts'
import { checkBatch, type CheckedBatch } from './check-batch.ts'
import { parseBatch } from './parse-batch.ts'
import { readBody } from './read-body.ts'

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
 * `POST /v1/batch`: read, check, enqueue, answer. The answer leaves only when every accepted event is durable and
 * deduped; anything that fails on the way is a problem (see `problem.ts`), and the sender keeps its events.
 */
export function batchRoute(options: CollectorOptions): (c: Context) => Promise<Response> {
  const { findSource, destinations, queue, telemetry, now = Date.now } = options

  async function take(c: Context, found: ReturnType<typeof findSource>): Promise<WireAnswer> {
    const { id, rules } = found
    const publicParams = destinations.get(rules.destination)
    // Configuration is checked before anything is served: a source without its destination cannot be here.
    if (!publicParams) throw new Error(`source ${id} has no destination`)

    const request = c.req.raw
    checkContentType(request.headers.get('content-type'))
    const check = (text: string): CheckedBatch => {
      const { batch, kind } = parseBatch(text, rules.kind)
      return checkBatch(batch, kind, rules, { name: rules.destination, publicParams }, now())
    }
    // Text and batch are let go of here: while the commit is waited for, they would outlive many a garbage collection.
    const { entries, rejected } = check(await readBody(request, isGzip(c)))

    const { fresh, repeated } = await queue.enqueue(id, entries).catch((error: unknown) => {
      telemetry.log('error', 'the queue could not take a batch', { source: id, error: String(error) })
      throw new ProblemError(503, 'the queue cannot take events now: keep them and try again', QUEUE_RETRY_AFTER_MS)
    })
    // A counter costs as much as a check: most requests have but one of these.
    if (fresh > 0) telemetry.count('events', { source: id, outcome: 'fresh' }, fresh)
    if (repeated > 0) telemetry.count('events', { source: id, outcome: 'repeated' }, repeated)
    if (rejected.length > 0) telemetry.count('events', { source: id, outcome: 'rejected' }, rejected.length)
    if (fresh > 0) options.onEnqueued?.()
    return { v: 1, accepted: entries.length, rejected, retry: [] }
  }

  return async (c) => {
    let source = 'none'
    let response: Response
    try {
      const found = findSource(c.req.raw, c.req.query('source') ?? '')
      source = found.id
      response = new Response(JSON.stringify(await take(c, found)), { headers: ANSWER_HEADERS })
    } catch (error) {
      response = problemOf(error, telemetry, ANSWER_HEADERS)
    }
    telemetry.count('batches', { source, status: String(response.status) })
    return response
  }
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
