import type { DeadLetters, DeadQuery } from '../queue/dead-letters.ts'
import { deadPages } from './dead-pages.ts'
import { letterView } from './letter-view.ts'

/**
 * The letters that a query finds as NDJSON, one {@link letterView} a line, the newest first. A page is read when the
 * one before has been taken, so that a slow reader costs no memory.
 */
export function deadExport(dead: DeadLetters, query: DeadQuery): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pages = deadPages(dead, query)
  const encoder = new TextEncoder()
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value: letters } = await pages.next()
        if (done) return controller.close()
        controller.enqueue(encoder.encode(letters.map((letter) => `${JSON.stringify(letterView(letter))}\n`).join('')))
      },
      async cancel() {
        await pages.return()
      },
    },
    { highWaterMark: 0 },
  )
}
