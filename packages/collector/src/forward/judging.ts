import type { Outcome } from '@warren/rabbitpre'
import type { Lease, Settlement } from '../queue/ports.ts'
import type { Member } from './bisection.ts'
import { carryOut } from './carry-out.ts'
import { sentBack, type LaneParts } from './lane-parts.ts'
import { BURIAL_APART_MS, PARK_AT, type Refusal } from './refusals.ts'

/** What follows from a single event's fate. */

export function readRefusal(outcome: Extract<Outcome, { kind: 'refused' | 'tooLarge' }>): Refusal {
  if (outcome.kind === 'tooLarge') return { code: 'http_413', words: outcome.words, isSize: true }
  return { code: outcome.code, words: outcome.words, isSize: false }
}

/** Eight events were refused alone and nothing passed: this is no matter of events. */
export function isAllRefused({ known, isSpared }: LaneParts): boolean {
  return known.refusedInARow >= PARK_AT && !isSpared
}

export function haltForAll({ halts }: LaneParts, { words }: Refusal, refusedKeys: Iterable<string>): void {
  halts.haltLane(`every event is refused: ${words}`, refusedKeys)
}

/** Events were delivered. Gives what suspects may have waited for: another event delivered since their refusal. */
export function passed({ known, now }: LaneParts, members: readonly Member[]): Settlement[] {
  const hurried: Settlement[] = []
  for (const { lease, refusals: times, firstAt, deliveriesBefore } of known.suspects()) {
    if (lease === undefined || times < 2 || deliveriesBefore !== known.deliveries) continue
    hurried.push({ lease, verdict: 'retry', afterMs: Math.max(0, firstAt + BURIAL_APART_MS - now()) })
  }
  known.delivered(members.map(({ event }) => event))
  return hurried
}

/** An event was refused alone, outside of a bisection. */
export async function judge(parts: LaneParts, lease: Lease, { place, event }: Member, refusal: Refusal): Promise<void> {
  const { known, notes, book } = parts
  const verdict = known.refusedAlone(event, refusal)
  notes.changed()
  if (isAllRefused(parts)) {
    await book.record([sentBack(lease)])
    return haltForAll(parts, refusal, [event.eventKey])
  }
  const suspect = known.suspect(event.uuid)
  if (suspect) suspect.lease = lease.id
  await book.record([carryOut(lease.id, place, verdict, refusal)])
}
