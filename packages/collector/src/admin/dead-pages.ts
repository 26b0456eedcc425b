import { MAX_DEAD_PAGE, type DeadLetter, type DeadLetters, type DeadQuery } from '../queue/dead-letters.ts'

/**
 * All letters that a query finds, page by page, the newest first; no page is empty. Numbers grow with every burial and
 * pages go down: what dies after the first page was read is in none of them, nor is what was replayed and died again.
 */
export async function* deadPages(dead: DeadLetters, query: DeadQuery): AsyncGenerator<DeadLetter[], void> {
  let before: number | undefined
  do {
    const page = await dead.list(query, { limit: MAX_DEAD_PAGE, ...(before === undefined ? {} : { before }) })
    if (page.letters.length > 0) yield page.letters
    before = page.next
  } while (before !== undefined)
}
