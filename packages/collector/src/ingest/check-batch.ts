import { IDENTITY_TYPES, type WireBatch, type WireRejection } from '@warren/protocol'
import type { PublicParams } from '@warren/rabbitpre'
import type { QueueEntry } from '../queue/ports.ts'
import type { SourceRules } from '../sources.ts'
import { checkEvent, clockShift, readUuid } from './check-event.ts'
import type { BatchKind } from './parse-batch.ts'
import { placeEvent } from './place-event.ts'

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
    const placed = placeEvent(checked.event, destination, rules.anonymous, batch.device)
    if (placed.ok) entries.push(placed.entry)
    else rejected.push({ index, uuid: readUuid(value), ...placed.fault })
  }
  return { entries, rejected }
}
