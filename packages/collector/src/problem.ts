import type { Problem } from '@warren/protocol'
import type { Telemetry } from './telemetry.ts'

/** RFC 9457, as every error of the collector is told. The detail says what is wrong and what to do about it. */

const TITLES = {
  400: 'Bad request',
  401: 'Not authorised',
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
export function problemResponse(
  status: ProblemStatus,
  detail: string,
  retryAfterMs?: number,
  headers?: Record<string, string>,
): Response {
  const problem: Problem = {
    type: 'about:blank',
    title: TITLES[status],
    status,
    detail,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
  return new Response(JSON.stringify(problem), {
    status,
    headers: {
      ...headers,
      'content-type': 'application/problem+json',
      ...(retryAfterMs === undefined ? {} : { 'retry-after': retryAfterSeconds(retryAfterMs) }),
    },
  })
}

/** As the header `Retry-After` has it. */
export function retryAfterSeconds(ms: number): string {
  return String(Math.ceil(ms / 1000))
}

/** The answer to whatever a request failed with; what is no problem of the sender's is logged. */
export function problemOf(error: unknown, telemetry: Telemetry, headers?: Record<string, string>): Response {
  if (error instanceof ProblemError) return problemResponse(error.status, error.message, error.retryAfterMs, headers)
  telemetry.log('error', 'a request failed', { error: String(error) })
  return problemResponse(500, 'the collector failed; keep the events and try again', undefined, headers)
}
