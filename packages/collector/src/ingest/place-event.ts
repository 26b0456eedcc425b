import { MAX_EVENT_BYTES, textBytes } from '@warren/protocol'
import type { PublicParams } from '@warren/rabbitpre'
import type { QueueEntry } from '../queue/ports.ts'
import type { Fault } from './check-args.ts'
import type { AcceptedEvent } from './check-event.ts'
import { routeToLane, type AnonymousPolicy } from './route-to-lane.ts'

export type Placed = { ok: true; entry: QueueEntry } | { ok: false; fault: Fault }

/** Gives an event its lane and its text as the queue keeps it; a fault where its source or the limits say no. */
export function placeEvent(
  event: AcceptedEvent,
  destination: { name: string; publicParams: PublicParams },
  anonymous: AnonymousPolicy,
  device: string | undefined,
): Placed {
  const lane = routeToLane(event, destination, anonymous, device)
  if (lane === undefined) {
    const message = 'this source takes no event without an identity; identify the visitor first'
    return { ok: false, fault: { code: 'identity_missing', path: 'identity', message } }
  }
  const json = JSON.stringify(event)
  const bytes = textBytes(json)
  if (bytes > MAX_EVENT_BYTES) {
    const message = `the event has ${bytes} bytes; at most ${MAX_EVENT_BYTES} are allowed`
    return { ok: false, fault: { code: 'too_large', path: '', message } }
  }
  return { ok: true, entry: { uuid: event.uuid, lane, json, bytes } }
}
