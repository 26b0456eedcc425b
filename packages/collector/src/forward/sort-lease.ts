import type { OutgoingEvent } from '@warren/rabbitpre'
import type { Lease, Settlement } from '../queue/ports.ts'
import type { Member } from './bisection.ts'
import { BURIAL_APART_MS, type Refusals } from './refusals.ts'

/** What of a lease is to be called together, and what becomes of the rest without a call. */
export interface SortedLease {
  call: Member[]
  settlements: Settlement[]
}

/** How long the events of a held key wait: until a second look can have told. Doubles with each return, up to 5 minutes. */
const HOLD_MS = 12_000
const HOLD_CAP_MS = 300_000

export function holdMs(returns: number): number {
  return Math.min(HOLD_CAP_MS, HOLD_MS * 2 ** Math.min(returns, 10))
}

/**
 * Parts a lease by what is known of its events.
 *
 * | an event | goes |
 * |---|---|
 * | of a parked key | to the dead letters |
 * | that is a suspect, among others | back, to be looked at alone |
 * | of a held or blamed key, among others | back and alone, if the key needs a look; else back with its like |
 * | of such a key, alone | into a call, if it is a suspect or the key needs a look; else back |
 * | any other | into the call |
 */
export function sortLease(lease: Lease, refusals: Refusals, now: number): SortedLease {
  const members = lease.events.map((line, place): Member => ({ place, line, event: JSON.parse(line) as OutgoingEvent }))
  const isAlone = members.length === 1
  const call: Member[] = []
  const held: number[] = []
  const lookedAt = new Set<string>()
  const buried = new Map<string, number[]>()
  const settlements: Settlement[] = []
  const sendBack = (places: number[], afterMs: number) =>
    settlements.push({ lease: lease.id, places, verdict: 'retry', afterMs })

  for (const member of members) {
    const { place, event } = member
    const suspect = refusals.suspect(event.uuid)
    const stand = refusals.stand(event.eventKey)
    if (stand === 'parked') {
      const places = buried.get(event.eventKey)
      if (suspect) settlements.push(burial(lease, [place], event.eventKey, refusals, suspect.attempts))
      else if (places) places.push(place)
      else buried.set(event.eventKey, [place])
      refusals.forget(event.uuid)
    } else if (suspect && !isAlone) {
      sendBack([place], Math.max(0, suspect.firstAt + BURIAL_APART_MS - now))
    } else if (stand === 'clear' || (isAlone && (suspect || refusals.needsLook(event.eventKey)))) {
      call.push(member)
    } else if (!isAlone && refusals.needsLook(event.eventKey) && !lookedAt.has(event.eventKey)) {
      lookedAt.add(event.eventKey)
      sendBack([place], 0)
    } else held.push(place)
  }
  for (const [eventKey, places] of buried) settlements.push(burial(lease, places, eventKey, refusals, 0))
  if (held.length > 0) sendBack(held, holdMs(lease.returns))
  return { call, settlements }
}

/** Of a parked key: without a call, in the words of the refusals that parked it. */
export function burial(
  lease: Lease,
  places: number[],
  eventKey: string,
  { parked }: Refusals,
  attempts: number,
): Settlement {
  const { code, words } = parked.get(eventKey) ?? { code: '', words: '' }
  return { lease: lease.id, places, verdict: 'bury', reason: 'key_refused', code, words, attempts }
}
