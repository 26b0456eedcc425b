/** What an HTTP status says by itself, by the contract's table, whatever the body; undefined where the body decides. */
export function readStatus(
  status: number,
  host: string,
): { kind: 'unavailable' | 'misconfigured'; words: string } | undefined {
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return { kind: 'unavailable', words: `HTTP ${status}` }
  }
  if (status === 404 || status === 0 || (status >= 300 && status < 400)) {
    const what = status === 404 ? 'not found' : 'a redirect, which is not followed'
    return { kind: 'misconfigured', words: `${host} answered HTTP ${status}: ${what}` }
  }
  return undefined
}
