import { MAX_BATCH_EVENTS, MAX_ID_CHARS, type WireBatch } from '@warren/protocol'
import { isCount, isId, isInstant, isRecord } from './wire-fields.ts'

/**
 * Whether a body is surely what `batchSchema` takes: the everyday envelope, as `isPlainEvent` is for its events.
 * False says nothing, and the schema judges.
 */
export function isPlainBatch(value: unknown): value is WireBatch {
  if (!isRecord(value)) return false
  const { v, sentAt, device, sdk, writers, events } = value
  return (
    v === 1 &&
    Array.isArray(events) &&
    (sentAt === undefined || isInstant(sentAt)) &&
    (device === undefined || isId(device)) &&
    (sdk === undefined || (typeof sdk === 'string' && sdk.length <= MAX_ID_CHARS)) &&
    (writers === undefined ||
      (Array.isArray(writers) && writers.length <= MAX_BATCH_EVENTS + 1 && writers.every(isPlainWriter)))
  )
}

/** With its `dropped`: where that is missing, the schema fills it in. */
function isPlainWriter(value: unknown): boolean {
  return isRecord(value) && isId(value['id']) && isCount(value['given']) && isPlainDropped(value['dropped'])
}

function isPlainDropped(value: unknown): boolean {
  return isRecord(value) && Object.entries(value).every(([reason, total]) => reason !== '__proto__' && isCount(total))
}
