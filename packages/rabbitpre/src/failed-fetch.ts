/**
 * A failed fetch, told by its error's code alone: messages and causes may hold the URL or a header's value.
 * `hasLeft`: something of the request may have reached the other side.
 */
export function describeFailedFetch(error: unknown, timeoutMs: number): { hasLeft: boolean; words: string } {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return { hasLeft: true, words: `no answer within ${timeoutMs} ms` }
  }
  const code = failedFetchCode(error)
  const hasLeft = !NEVER_LEFT.has(code)
  return { hasLeft, words: hasLeft ? `connection lost (${code})` : `unreachable (${code})` }
}

/** Codes after which nothing of the request can have left: of Node, undici and Bun, and {@link WORDED}. */
const NEVER_LEFT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CONNECT',
  'NOT_PERMITTED',
])

/** Deno gives words alone, and its URL among them: what is known of them, and the code that stands for it. */
const WORDED: readonly [RegExp, string][] = [
  [/client error \(Connect\): dns error/, 'ENOTFOUND'],
  [/client error \(Connect\): .*refused/, 'ECONNREFUSED'],
  [/client error \(Connect\)/, 'CONNECT'],
  [/reset by peer|closed before message completed|error reading a body/, 'ECONNRESET'],
]

/** What a failed fetch came to, as Node's code for it; `no code` where there is none. */
export function failedFetchCode(error: unknown): string {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string' && /^[A-Z0-9_]{3,40}$/.test(at.code)) return at.code
    // A happy-eyeballs failure holds one error an address.
    if (at instanceof AggregateError && at.errors.length > 0) return failedFetchCode(at.errors[0])
    // Deno's, where --allow-net does not name the host.
    if (at.name === 'NotCapable') return 'NOT_PERMITTED'
    const { message } = at
    const worded = WORDED.find(([words]) => words.test(message))
    if (worded) return worded[1]
  }
  return 'no code'
}
