import type { Lease, Settlement } from '../queue/ports.ts'
import { bisection, type Member, type Piece } from './bisection.ts'
import { carryOut } from './carry-out.ts'
import type { Refusal, Refusals, Verdict } from './refusals.ts'
import { burial, holdMs } from './sort-lease.ts'

/**
 * A bisection at work on a lease: which piece to call next, and what the queue is to be told.
 *
 * | state | means | leaves when |
 * |---|---|---|
 * | undecided | nothing of the lane was delivered since the refusal: the events found alone stay in the lease | something is delivered: they go to their second looks |
 * | decided | the events found are judged one by one | all pieces have been called |
 *
 * What is found out about a key in its midst takes that key's events out of the pieces that wait.
 */
export interface Search {
  readonly isUndecided: boolean
  /** Keys of the events found alone so far. */
  readonly foundKeys: ReadonlySet<string>
  /** The next piece to call, undefined at the end; with what is to be settled before. */
  next(): { piece: Piece | undefined; settlements: Settlement[] }
  delivered(piece: Piece): Settlement[]
  refused(piece: Piece, refusal: Refusal): Settlement[]
  /** Ends it: each piece comes back by itself and keeps its place, the called one among them. */
  giveBack(called: Piece | undefined, afterMs: number): Settlement[]
  /** Ends it: all that was not settled comes back as one batch. */
  putTogether(): Settlement[]
}

export interface SearchOptions {
  lease: Lease
  members: readonly Member[]
  refusal: Refusal
  refusals: Refusals
  random: () => number
}

export function search({ lease, members, refusal, refusals, random }: SearchOptions): Search {
  const parts = bisection(members, refusal.isSize ? undefined : refusal.code, refusals.trust, random)
  const deliveriesBefore = refusals.deliveries
  let found: { place: number; verdict: Verdict; refusal: Refusal }[] = []

  const isUndecided = () => refusals.deliveries === deliveriesBefore
  const places = (of: readonly Member[]) => of.map(({ place }) => place)
  function judgements(): Settlement[] {
    const settlements = found.map(({ place, verdict, refusal: of }) => carryOut(lease.id, place, verdict, of))
    found = []
    return settlements
  }

  /** Events of keys that are parked or blamed by now need no call. */
  function withdraw(): Settlement[] {
    const byKey = new Map<string, Member[]>()
    for (const member of parts.withdraw(({ event }) => NEEDLESS.has(refusals.stand(event.eventKey)))) {
      const { eventKey } = member.event
      byKey.set(eventKey, [...(byKey.get(eventKey) ?? []), member])
    }
    return [...byKey].map(([eventKey, out]) =>
      refusals.stand(eventKey) === 'parked'
        ? burial(lease, places(out), eventKey, refusals, 0)
        : { lease: lease.id, places: places(out), verdict: 'retry', afterMs: holdMs(lease.returns) },
    )
  }

  return {
    get isUndecided() {
      return isUndecided()
    },
    foundKeys: parts.foundKeys,
    next() {
      const settlements = withdraw()
      const piece = parts.next(isUndecided())
      if (!piece) settlements.push(...judgements())
      return { piece, settlements }
    },
    delivered(piece) {
      refusals.cleared(parts.delivered(piece))
      return [...judgements(), { lease: lease.id, places: places(piece.members), verdict: 'ack' }]
    },
    refused(piece, of) {
      const [member] = piece.members
      if (piece.members.length > 1 || !member) {
        parts.refused(piece, of.isSize ? undefined : of.code)
        return []
      }
      parts.found(member)
      found.push({ place: member.place, verdict: refusals.refusedAlone(member.event, of), refusal: of })
      return isUndecided() ? [] : judgements()
    },
    giveBack(called, afterMs) {
      const pieces = [...parts.waiting(), ...(called ? [called] : [])]
      return [
        ...judgements(),
        ...pieces.map((piece): Settlement => {
          return { lease: lease.id, places: places(piece.members), verdict: 'retry', afterMs }
        }),
      ]
    },
    putTogether() {
      found = []
      return [{ lease: lease.id, verdict: 'retry', afterMs: 0 }]
    },
  }
}

const NEEDLESS: ReadonlySet<string> = new Set(['parked', 'blamed'])
