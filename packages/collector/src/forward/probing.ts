import type { OutgoingEvent, Outcome } from '@warren/rabbitpre'
import type { Lease } from '../queue/ports.ts'
import type { Member } from './bisection.ts'
import type { Upstream } from './forwarder.ts'
import type { Halt } from './halt.ts'
import { judge, passed, readRefusal } from './judging.ts'
import { LEASE_MS, sentBack, TROUBLE_MS, type LaneParts } from './lane-parts.ts'

/**
 * Tries a halted lane with one event. Gives when it is to be asked again; undefined where something else will ask:
 * the probe's end, another lane's probe of the same credentials, or an event to probe with.
 */
export async function probe(
  parts: LaneParts,
  stop: Halt,
  upstream: Upstream,
  hasEvents: boolean,
): Promise<number | undefined> {
  const { lane, queue, calls, notes, now } = parts
  if (stop.isProbing || !hasEvents) return undefined
  if (stop.nextAt > now()) return stop.nextAt
  const lease = await queue.leaseProbe(lane, [...stop.refusedKeys], LEASE_MS)
  const line = lease?.events[0]
  if (!lease || line === undefined) return now() + TROUBLE_MS
  const member: Member = { place: 0, line, event: JSON.parse(line) as OutgoingEvent }
  stop.isProbing = true
  calls.begin(upstream, [member.event], (outcome) => {
    stop.isProbing = false
    notes.changed(true)
    return conclude(parts, stop, lease, member, outcome, upstream)
  })
  return undefined
}

async function conclude(
  parts: LaneParts,
  stop: Halt,
  lease: Lease,
  member: Member,
  outcome: Outcome,
  { credentials }: Upstream,
): Promise<void> {
  const { known, halts, book, wakeAt, now } = parts
  const back = sentBack(lease)
  const end = () => {
    // Other lanes wait for the same credentials.
    if (halts.end(credentials)) wakeAt(now())
  }
  switch (outcome.kind) {
    case 'delivered':
      end()
      parts.isSpared = true
      return book.record([...passed(parts, [member]), { lease: lease.id, verdict: 'ack' }])
    case 'refused':
    case 'tooLarge': {
      const refusal = readRefusal(outcome)
      if (!halts.lane) {
        // The credentials work; what is wrong is another matter.
        end()
        return judge(parts, lease, member, refusal)
      }
      // Remembered for the day when it passes; nothing is buried in a halt.
      known.refusedAlone(member.event, refusal)
      stop.probed(refusal.words, { key: member.event.eventKey })
      return book.record([back])
    }
    case 'unavailable':
      stop.probed(stop.words, outcome.retryAfterMs === undefined ? {} : { retryAfterMs: outcome.retryAfterMs })
      return book.record([back])
    case 'unauthorised':
    case 'misconfigured':
      // Where it is the other kind of trouble than the one that was probed, both are in force.
      if ((outcome.kind === 'misconfigured') !== (stop === halts.lane)) stop.probed(stop.words)
      halts.stopFor(outcome, credentials, stop)
      return book.record([back])
  }
}
