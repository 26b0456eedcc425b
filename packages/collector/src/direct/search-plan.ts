import type { CallSize } from '../forward/due.ts'

/** What a plan needs to know of an event. */
export interface Planned {
  eventKey: string
  /** Of its line, in UTF-8. */
  bytes: number
}

/**
 * Which events to call next, while some of them may spoil a call for the others.
 *
 * | a piece | then |
 * |---|---|
 * | is delivered | the next one may be twice as large |
 * | is refused | its events are called last, in pieces of a quarter; the next piece is a quarter of it, of other events |
 * | is an event alone, and refused | it is out |
 *
 * It has no memory of earlier requests, whose senders bring the same events in the same order again, with the bad ones
 * of all of them in front: so where a piece begins is chosen at random, and it keeps away from what was refused.
 *
 * Until all good events of 500 are delivered, eight calls a request (means of 200 runs of a simulation, held by
 * `search-plan.figures.test.ts`; of three dozen plans it is the one that is good at all of these, and at 250 bad ones):
 *
 * | bad events | where isolates remember those refused alone | where they never do |
 * |---|---|---|
 * | 1, anywhere | 3.7 requests, 26 calls | 3.7 requests, 27 calls |
 * | 7 at random | 18.9 requests, 149 calls | 21.5 requests, 172 calls |
 * | 7 at the front | 5.1 requests, 39 calls | 5.6 requests, 45 calls |
 * | 7 at the end | 5.0 requests, 38 calls | 5.7 requests, 45 calls |
 */
export interface SearchPlan<Event extends Planned> {
  /** The next piece; undefined where all that is left is of keys that are held. */
  next(): Event[] | undefined
  /** Where {@link SearchPlan.next} gives none: one event of those that are left, whose keys are all held. */
  nextHeld(): Event | undefined
  delivered(piece: readonly Event[]): void
  refused(piece: readonly Event[]): void
}

export interface SearchPlanOptions {
  max: CallSize
  /** Events of this key are refused, as far as is known: they are called one by one. */
  isHeld: (eventKey: string) => boolean
  random: () => number
}

/** A refused piece is followed by one of a quarter of it: from 500 to one event in five calls. */
export const SHRINK = 4

/** A delivered piece is followed by one of twice its size. */
export const GROW = 2

interface Member<Event> {
  event: Event
  /** The size of the smallest refused piece that had it. */
  refusedIn: number
}

export function searchPlan<Event extends Planned>(
  events: readonly Event[],
  { max, isHeld, random }: SearchPlanOptions,
): SearchPlan<Event> {
  let members: Member<Event>[] = keysTogether(events).map((event) => ({ event, refusedIn: Infinity }))
  let size = max.events
  let hasRefused = false

  function remove(piece: readonly Event[]): void {
    const out = new Set(piece)
    members = members.filter(({ event }) => !out.has(event))
  }

  return {
    next() {
      const clear = members.filter(({ event }) => !isHeld(event.eventKey))
      const least = clear.reduce((most, { refusedIn }) => Math.max(most, refusedIn), 0)
      const group = clear.filter(({ refusedIn }) => refusedIn === least)
      const most = Math.min(size, Math.ceil(least / SHRINK), group.length)
      const from = hasRefused && most < group.length ? Math.floor(random() * group.length) : 0
      return group.length === 0 ? undefined : run(group, from, most, max.bytes)
    },
    nextHeld() {
      return members[Math.floor(random() * members.length)]?.event
    },
    delivered(piece) {
      remove(piece)
      size = Math.min(max.events, Math.max(size, piece.length * GROW))
    },
    refused(piece) {
      hasRefused = true
      if (piece.length === 1) return remove(piece)
      size = Math.ceil(piece.length / SHRINK)
      const refusedNow = new Set(piece)
      for (const member of members) if (refusedNow.has(member.event)) member.refusedIn = piece.length
    },
  }
}

/** Neighbours from one on, round the end: so many events or so many bytes at the most, at least one. */
function run<Event extends Planned>(
  group: readonly Member<Event>[],
  from: number,
  most: number,
  maxBytes: number,
): Event[] {
  const piece: Event[] = []
  let bytes = 0
  for (let i = 0; i < most; i++) {
    const event = group[(from + i) % group.length]?.event
    if (!event || (piece.length > 0 && bytes + event.bytes > maxBytes)) break
    bytes += event.bytes
    piece.push(event)
  }
  return piece
}

/** What is wrong with one event is often wrong with all of its key: in the order of the keys' first events. */
function keysTogether<Event extends Planned>(events: readonly Event[]): Event[] {
  return [...Map.groupBy(events, ({ eventKey }) => eventKey).values()].flat()
}
