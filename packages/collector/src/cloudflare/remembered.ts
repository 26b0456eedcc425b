/**
 * Asks, and gives the same answer for a while. Only what was answered is remembered: what a request waits for may be cut
 * off with it, and who shared that would wait for ever. A failure is asked again.
 */
export function remembered<Answer>(
  forMs: number,
  ask: () => Promise<Answer>,
  now: () => number,
): () => Promise<Answer> {
  let known: { answer: Answer; until: number } | undefined
  return async () => {
    if (known && now() < known.until) return known.answer
    const answer = await ask()
    known = { answer, until: now() + forMs }
    return answer
  }
}
