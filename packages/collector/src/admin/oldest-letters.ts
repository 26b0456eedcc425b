import { MAX_DEAD_PAGE, type DeadLetter, type DeadLetters } from '../queue/dead-letters.ts'

/**
 * Reads dead letters from the oldest on, each time at most a page of them, where the port lists the newest first: it
 * looks through so many numbers that they can hold no more than a page, and through more at once where there is none.
 */
export function oldestLetters(dead: DeadLetters): () => Promise<DeadLetter[]> {
  /** No letter has this number or a lower one, nor will any: numbers grow with every burial. */
  let floor = 0

  return async () => {
    const [newest] = (await dead.list({}, { limit: 1 })).letters
    let reach = MAX_DEAD_PAGE
    while (newest && floor < newest.id) {
      const last = Math.min(floor + reach, newest.id)
      const { letters, next } = await dead.list({}, { before: last + 1, limit: MAX_DEAD_PAGE })
      if (letters.length === 0) {
        floor = last
        reach *= 2
      } else if (next === undefined) return letters.toReversed()
      else reach = Math.max(MAX_DEAD_PAGE, Math.floor(reach / 2))
    }
    return []
  }
}
