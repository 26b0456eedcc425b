import { MAX_BATCH_EVENTS } from '@warren/protocol/limits'
import type { WireAnswer } from '@warren/protocol/wire'
import { judge } from './answer.ts'
import { batchBody, takeBatch, type Batch, type Origin } from './batch.ts'
import type { Outbox } from './outbox.ts'
import type { Platform } from './platform.ts'

/** Bytes of one exit request's body in UTF-8: two of them fit into what a page may have in flight. */
export const MAX_PIECE_BYTES: number = 30 * 1024

/** Bytes in flight for one page at exit: browsers allow 64 KiB (Fetch: keepalive), and the host page may need some. */
export const MAX_AWAY_BYTES: number = 63 * 1024

/** Kept free in a piece for all that is no event: some 120 bytes, and 60 to 100 for each writer. */
const ENVELOPE_BYTES = 2 * 1024

export interface HandOver {
  /**
   * Gives what is unanswered to requests that outlive the page, newest first, at once; it stays stored until answered.
   * A request of the sender may die with the page: when leaving, what it carries goes along.
   */
  run(isLeaving: boolean): void
  /** The page is seen again: what was handed over without an answer is the sender's again. */
  reclaim(): void
}

export function createHandOver(
  { clock, transport }: Platform,
  outbox: Outbox,
  origin: () => Origin,
  settle: (batch: Batch, answer: WireAnswer) => void,
  /** A request ended; its events are settled, or the sender's again. */
  onConcluded: () => void,
): HandOver {
  let bytesAway = 0
  /** Of pieces given to the browser, which will not tell of them. */
  const inDoubt: (() => void)[] = []

  async function hand(piece: Batch) {
    const { device, chunks, events } = piece
    const bytes = piece.bytes + ENVELOPE_BYTES
    const mark = (isHandedOver: boolean) => {
      bytesAway += isHandedOver ? bytes : -bytes
      for (const chunk of chunks) chunk.isHandedOver = isHandedOver
    }
    mark(true)
    const outcome = await transport.send(batchBody(piece, origin(), clock.now()), { device, isExit: true })
    if (outcome.kind === 'inDoubt') inDoubt.push(() => mark(false))
    else {
      mark(false)
      const verdict = judge(outcome, events)
      if (verdict.kind === 'answered') settle(piece, verdict.answer)
      onConcluded()
    }
  }

  return {
    run(isLeaving) {
      const newestFirst = outbox.chunks().slice().reverse()
      let piece: Batch | undefined
      do {
        const here = newestFirst.filter(({ isHandedOver, isSending }) => !isHandedOver && (isLeaving || !isSending))
        const room = Math.min(MAX_PIECE_BYTES, MAX_AWAY_BYTES - bytesAway) - ENVELOPE_BYTES
        piece = takeBatch(here, MAX_BATCH_EVENTS, room)
        if (piece) void hand(piece)
      } while (piece)
    },
    reclaim() {
      for (const release of inDoubt.splice(0)) release()
    },
  }
}
