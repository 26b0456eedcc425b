import { MAX_DEAD_PAGE } from './dead-letters.ts'

/** @throws where one step is asked for more letters than a page holds: whoever has more goes in steps. */
export function checkDeadPage(count: number): void {
  if (count > MAX_DEAD_PAGE) throw new RangeError(`${count} letters at once, and a step takes ${MAX_DEAD_PAGE}`)
}
