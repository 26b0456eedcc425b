import type { Outcome } from '@warren/rabbitpre'
import type { Lease } from '../queue/ports.ts'
import type { Member, Piece } from './bisection.ts'
import type { Upstream } from './forwarder.ts'
import { haltForAll, isAllRefused, passed, readRefusal } from './judging.ts'
import { LEASE_USED_MS, sentBack, type LaneParts } from './lane-parts.ts'
import type { Refusal } from './refusals.ts'
import { search, type Search } from './search.ts'

/** A lane's refused batches: one at a time is bisected, one call at a time, beside the lane's other calls. */
export interface Bisecting {
  /** There is something to go on with. */
  readonly isReady: boolean
  /** Nothing has passed since the batch was refused: nothing else may be called, lest all of it be refused. */
  readonly isUndecided: boolean
  /** Something is held here. */
  readonly holds: boolean
  add(refused: Refused): void
  /** Begins the next call, or ends the bisection. */
  goOn(upstream: Upstream): Promise<void>
  /** Nothing is held while a halt lasts; a bisection that has found nothing out is put together again. */
  giveAllBack(): Promise<void>
}

export interface Refused {
  lease: Lease
  leasedAt: number
  members: Member[]
  refusal: Refusal
}

interface Current {
  search: Search
  leasedAt: number
  isCalling: boolean
}

export function bisecting(parts: LaneParts): Bisecting {
  const { known, halts, book, notes, calls, now, random } = parts
  let waiting: Refused[] = []
  let current: Current | undefined

  const isOld = ({ leasedAt }: { leasedAt: number }) => now() > leasedAt + LEASE_USED_MS

  async function conclude(
    at: Current,
    piece: Piece,
    outcome: Outcome,
    startedAt: number,
    { credentials }: Upstream,
  ): Promise<void> {
    at.isCalling = false
    switch (outcome.kind) {
      case 'delivered':
        return book.record([...passed(parts, piece.members), ...at.search.delivered(piece)])
      case 'refused':
      case 'tooLarge': {
        const refusal = readRefusal(outcome)
        const settlements = at.search.refused(piece, refusal)
        notes.changed()
        // Its events stay as they are: the batch is put together again when the lane stands still.
        if (isAllRefused(parts) && at.search.isUndecided) return haltForAll(parts, refusal, at.search.foundKeys)
        return book.record(settlements)
      }
      case 'unavailable':
        current = undefined
        return book.record(at.search.giveBack(piece, calls.failed(startedAt, outcome.retryAfterMs)))
      case 'unauthorised':
      case 'misconfigured':
        current = undefined
        halts.stopFor(outcome, credentials)
        return book.record(at.search.giveBack(piece, 0))
    }
  }

  return {
    get isReady() {
      return current ? !current.isCalling : waiting.length > 0
    },
    get isUndecided() {
      return current?.search.isUndecided ?? false
    },
    get holds() {
      return current !== undefined || waiting.length > 0
    },
    add: (refused) => void waiting.push(refused),
    async goOn(upstream) {
      // What waited too long for its turn comes back by itself: a call could outlive its lease.
      const old = waiting.filter(isOld)
      waiting = waiting.filter((one) => !isOld(one))
      await book.record(old.map(({ lease }) => sentBack(lease)))
      const next = current ? undefined : waiting.shift()
      if (next) {
        const { lease, leasedAt, members, refusal } = next
        current = { search: search({ lease, members, refusal, refusals: known, random }), leasedAt, isCalling: false }
      }
      const at = current
      if (!at) return
      if (isOld(at)) {
        current = undefined
        return book.record(at.search.giveBack(undefined, 0))
      }
      const { piece, settlements } = at.search.next()
      if (piece) at.isCalling = true
      else {
        current = undefined
        parts.isSpared = false
      }
      await book.record(settlements)
      if (!piece) return
      const events = piece.members.map(({ event }) => event)
      calls.begin(upstream, events, (outcome, startedAt) => conclude(at, piece, outcome, startedAt, upstream))
    },
    async giveAllBack() {
      const settlements = waiting.map(({ lease }) => sentBack(lease))
      waiting = []
      const at = current
      if (at && !at.isCalling) {
        current = undefined
        settlements.push(...(at.search.isUndecided ? at.search.putTogether() : at.search.giveBack(undefined, 0)))
      }
      await book.record(settlements)
    },
  }
}
