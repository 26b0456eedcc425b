import type { WireAnswer } from '@warren/protocol/wire'
import type { DropReason, Health } from './api.ts'
import type { Batch } from './batch.ts'
import type { Emitter } from './emitter.ts'
import type { Outbox } from './outbox.ts'

type Counts = Pick<Health, 'tracked' | 'sent' | 'rejected' | 'dropped'>

/** Counts where every event of this page went, and tells the listeners. */
export interface Tally {
  readonly counts: Counts
  drop(reason: DropReason, eventKey: unknown, uuid?: string): void
  /** Removes the events that the collector accounted for. */
  settle(batch: Batch, answer: WireAnswer): void
}

export function createTally(emitter: Emitter, outbox: Outbox): Tally {
  const counts: Counts = { tracked: 0, sent: 0, rejected: {}, dropped: {} }
  return {
    counts,
    drop(reason, key, uuid) {
      increment(counts.dropped, reason)
      const eventKey = typeof key === 'string' ? key : ''
      emitter.emit('dropped', uuid ? { reason, eventKey, uuid } : { reason, eventKey })
    },
    settle(batch, { rejected, retry }) {
      const uuids: string[] = []
      // What another request has settled already is not told twice.
      for (const event of outbox.settle(batch, retry)) {
        const [uuid] = event
        const rejection = rejected.find(({ index }) => batch.events[index] === event)
        if (rejection) {
          const { code, path, message } = rejection
          increment(counts.rejected, code)
          emitter.emit('rejected', { uuid, code, path, message })
        } else uuids.push(uuid)
      }
      counts.sent += uuids.length
      if (uuids.length) emitter.emit('sent', { uuids })
    },
  }
}

export function increment(totals: Record<string, number>, name: string): void {
  totals[name] = (totals[name] || 0) + 1
}
