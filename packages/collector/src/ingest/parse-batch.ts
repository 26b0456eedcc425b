import { batchSchema, inEnglish, MAX_BATCH_EVENTS, type WireBatch } from '@warren/protocol'
import { ProblemError } from '../problem.ts'
import { isPlainBatch } from './plain-batch.ts'

/** Who sends a batch: a tracker in a page or a mini-program, or a server of the customer's. */
export type BatchKind = 'web' | 'miniprogram' | 'server'

/**
 * Reads a body as a batch, or says what keeps it from being one. Events are not looked at here.
 *
 * The text is parsed once, by `JSON.parse`, and everything after (checks, dedupe, store, upstream) sees that one
 * value written out again; no second parser ever reads the sender's bytes. So of two equal keys the last one counts,
 * everywhere. `kind: 'open'` takes a batch with a device for a tracker's and one without for a server's.
 */
export function parseBatch(text: string, kind: BatchKind | 'open'): { batch: WireBatch; kind: BatchKind } {
  if (text.trim() === '') throw new ProblemError(400, 'the body is empty: send a batch as JSON')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new ProblemError(400, 'the body is not JSON')
  }
  const batch = isPlainBatch(value) ? value : judge(value)
  if (batch.events.length > MAX_BATCH_EVENTS) {
    throw new ProblemError(413, `events: ${batch.events.length} in one batch; send at most ${MAX_BATCH_EVENTS}`)
  }
  const hasDevice = batch.device !== undefined
  if (hasDevice !== (batch.writers !== undefined)) {
    throw new ProblemError(400, `${hasDevice ? 'writers' : 'device'}: device and writers are both there or both absent`)
  }
  const resolved = kind !== 'open' ? kind : hasDevice ? 'web' : 'server'
  if (resolved !== 'server') {
    if (!hasDevice) throw new ProblemError(400, `device: is required from a ${resolved} source`)
    if (batch.sentAt === undefined) throw new ProblemError(400, 'sentAt: is required: the device time in milliseconds')
  }
  return { batch, kind: resolved }
}

/** The schema's word on an envelope that is not plain. */
function judge(value: unknown): WireBatch {
  const parsed = batchSchema.safeParse(value, inEnglish)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new ProblemError(400, `${issue?.path.join('.') || 'batch'}: ${issue?.message ?? 'not valid'}`)
}
