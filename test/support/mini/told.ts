export interface Told {
  /** What the call came to, in order. */
  results: Record<string, unknown>[]
  success(result: unknown): void
  fail(result: unknown): void
}

/** The callbacks of calls that are answered later. */
export function told(): Told {
  const results: Record<string, unknown>[] = []
  const keep = (result: unknown) => void results.push(result as Record<string, unknown>)
  return { results, success: keep, fail: keep }
}
