import type { Problem } from '@warren/protocol'

/** RFC 9457, as every error of the collector is told. The detail says what is wrong and what to do about it. */

const TITLES = {
  400: 'Not a batch',
  401: 'Unknown source',
  403: 'Origin not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  413: 'Too large',
  415: 'Unsupported media type',
  500: 'Internal error',
  503: 'Try again later',
} as const
export type ProblemStatus = keyof typeof TITLES

/** Thrown on the way of a request, and answered as problem+json. */
export class ProblemError extends Error {
  readonly status: ProblemStatus
  readonly retryAfterMs: number | undefined

  constructor(status: ProblemStatus, detail: string, retryAfterMs?: number) {
    super(detail)
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

/** The answer to a request that failed. */
export function problemResponse(status: ProblemStatus, detail: string, retryAfterMs?: number): Response {
  const problem: Problem = {
    type: 'about:blank',
    title: TITLES[status],
    status,
    detail,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
  const headers = new Headers({ 'content-type': 'application/problem+json' })
  if (retryAfterMs !== undefined) headers.set('retry-after', String(Math.ceil(retryAfterMs / 1000)))
  return new Response(JSON.stringify(problem), { status, headers })
}
