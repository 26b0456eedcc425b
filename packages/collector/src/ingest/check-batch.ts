import { IDENTITY_TYPES, MAX_EVENT_BYTES, textBytes, type WireBatch, type WireRejection } from '@warren/protocol'
import type { PublicParams } from '@warren/rabbitpre'
import type { QueueEntry } from '../queue/ports.ts'
import type { SourceRules } from '../sources.ts'
import { checkEvent, clockShift, readUuid, type AcceptedEvent } from './check-event.ts'
import type { BatchKind } from './parse-batch.ts'
import { routeToLane } from './route-to-lane.ts'

export interface CheckedBatch {
  entries: QueueEntry[]
  rejected: WireRejection[]
}

/** Checks every event of a batch and gives each good one its lane and its text; a bad one costs no other anything. */
export function checkBatch(
  batch: WireBatch,
  kind: BatchKind,
  rules: SourceRules,
  destination: { name: string; publicParams: PublicParams },
  receivedAt: number,
): CheckedBatch {
  const context = {
    kind,
    receivedAt,
    shiftMs: clockShift(batch, kind, receivedAt),
    // A type that the source does not name still identifies: it comes after those that it does.
    precedence: [...rules.precedence, ...IDENTITY_TYPES],
  }
  const entries: QueueEntry[] = []
  const rejected: WireRejection[] = []
  for (const [index, value] of batch.events.entries()) {
    const checked = checkEvent(value, context)
    if (!checked.ok) {
      rejected.push({ index, ...checked.rejection })
      continue
    }
    const { event } = checked
    const lane = routeToLane(event, destination, rules.anonymous, batch.device)
    if (lane === undefined) {
      const message = 'this source takes no event without an identity; identify the visitor first'
      rejected.push({ index, uuid: readUuid(value), code: 'identity_missing', path: 'identity', message })
      continue
    }
    const entry = serialise(event, lane)
    if (entry.bytes > MAX_EVENT_BYTES) {
      const message = `the event has ${entry.bytes} bytes; at most ${MAX_EVENT_BYTES} are allowed`
      rejected.push({ index, uuid: readUuid(value), code: 'too_large', path: '', message })
      continue
    }
    entries.push(entry)
  }
  return { entries, rejected }
}

function serialise(event: AcceptedEvent, lane: string): QueueEntry {
  const json = JSON.stringify(event)
  return { uuid: event.uuid, lane, json, bytes: textBytes(json) }
}
