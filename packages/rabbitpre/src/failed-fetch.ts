/**
 * A failed fetch, told by its error's code alone: messages and causes may hold the URL or a header's value.
 * `hasLeft`: something of the request may have reached the other side.
 */
export function describeFailedFetch(error: unknown, timeoutMs: number): { hasLeft: boolean; words: string } {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return { hasLeft: true, words: `no answer within ${timeoutMs} ms` }
  }
  const code = errorCode(error)
  const hasLeft = !NEVER_LEFT.has(code)
  return { hasLeft, words: hasLeft ? `connection lost (${code})` : `unreachable (${code})` }
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
