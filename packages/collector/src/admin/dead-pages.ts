import { MAX_DEAD_PAGE, type DeadLetter, type DeadLetters, type DeadQuery } from '../queue/dead-letters.ts'

/**
 * Letters in a page. One fewer than the store looks through at once: it looks for one more than it is asked for, to tell
 * whether there is a next page, and would look twice for each of these (3 ms against 12 for a page, measured).
 */
const PAGE = MAX_DEAD_PAGE - 1

/**
 * All letters that a query finds, page by page, the newest first; no page is empty. Numbers grow with every burial and
 * pages go down: what dies after the first page was read is in none of them, nor is what was replayed and died again.
 */
export async function* deadPages(dead: DeadLetters, query: DeadQuery): AsyncGenerator<DeadLetter[], void> {
  let before: number | undefined
  do {
    const page = await dead.list(query, { limit: PAGE, ...(before === undefined ? {} : { before }) })
    if (page.letters.length > 0) yield page.letters
    before = page.next
    // Others have their turn: a reader that is fast enough would let nobody else have one.
    if (before !== undefined) await new Promise((resolve) => setTimeout(resolve, 0))
  } while (before !== undefined)
}
