import {
  CLOCK_TOLERANCE_MS,
  encodeTime,
  eventSchema,
  inEnglish,
  RANDOM_CHARS,
  SORTED_ALPHABET,
  type IdentityType,
  type RejectionCode,
  type WireBatch,
  type WireEvent,
} from '@warren/protocol'
import type { OutgoingEvent } from '@warren/rabbitpre'
import type { BatchKind } from './parse-batch.ts'
import { checkArgs, type Fault } from './check-args.ts'
import { isPlainEvent } from './plain-event.ts'

/** An event as it is kept: what goes upstream, and the device's own time where that was corrected. */
export interface AcceptedEvent extends OutgoingEvent {
  deviceTime?: number
}

/** A lasting no to one event; `uuid` as far as it could be read. */
export interface Rejection extends Fault {
  uuid: string | null
  code: RejectionCode
}

export type Checked = { ok: true; event: AcceptedEvent } | { ok: false; rejection: Rejection }

export interface CheckContext {
  kind: BatchKind
  /** When the batch arrived, by the collector's clock. */
  receivedAt: number
  /** {@link clockShift} of the batch. */
  shiftMs: number
  precedence: readonly IdentityType[]
}

/**
 * The one shift of a batch: how far the device's clock is off. Nothing within 5 minutes, so that transit time never
 * reorders events; nothing for servers, whose clocks are right and whose events may be old.
 */
export function clockShift(batch: WireBatch, kind: BatchKind, receivedAt: number): number {
  if (kind === 'server' || batch.sentAt === undefined) return 0
  const offMs = receivedAt - batch.sentAt
  return Math.abs(offMs) > CLOCK_TOLERANCE_MS ? offMs : 0
}

/** Checks one event of a batch and makes it what is kept. Costs no other event anything. */
export function checkEvent(value: unknown, context: CheckContext): Checked {
  if (isPlainEvent(value)) return checkFields(value, context)
  const parsed = eventSchema.safeParse(value, inEnglish)
  if (parsed.success) return checkFields(parsed.data, context)
  const issue = parsed.error.issues[0]
  const fault: Fault = { code: 'invalid', path: issue?.path.join('.') ?? '', message: issue?.message ?? 'not valid' }
  return { ok: false, rejection: { ...fault, uuid: readUuid(value) } }
}

/** What the schema leaves to be looked at: it depends on the sender, or on more than one field. */
function checkFields(wire: WireEvent, context: CheckContext): Checked {
  const fault =
    missingField(wire, context.kind) ?? (wire.args === undefined ? undefined : checkArgs(wire.args)) ?? checkBy(wire)
  if (fault) return { ok: false, rejection: { ...fault, uuid: wire.uuid ?? null } }
  return { ok: true, event: accept(wire, context) }
}

/** A server may leave out what only a tracker can know, and uuid and time, which it then gets here. */
function missingField(wire: WireEvent, kind: BatchKind): Fault | undefined {
  if (kind === 'server') return undefined
  for (const field of ['uuid', 'writer', 'seq', 'time'] as const) {
    if (wire[field] === undefined) return { code: 'invalid', path: field, message: 'is required' }
  }
  return undefined
}

function checkBy({ by, identity }: WireEvent): Fault | undefined {
  if (by === undefined || identity?.[by] !== undefined) return undefined
  return { code: 'invalid', path: 'by', message: `names ${by}, which the event's identity does not have` }
}

function accept(wire: WireEvent, { kind, receivedAt, shiftMs, precedence }: CheckContext): AcceptedEvent {
  const deviceTime = wire.time ?? receivedAt
  const time = kind === 'server' ? deviceTime : Math.max(0, Math.min(deviceTime + shiftMs, receivedAt))
  const event: AcceptedEvent = { uuid: wire.uuid ?? serverUuid(receivedAt), eventKey: wire.eventKey, time }
  if (time !== deviceTime) event.deviceTime = deviceTime
  if (wire.args !== undefined) event.args = wire.args as Record<string, unknown>
  if (wire.intid !== undefined) event.intid = wire.intid
  const by = wire.by ?? precedence.find((type) => wire.identity?.[type] !== undefined)
  if (wire.identity && by !== undefined) {
    event.identity = wire.identity
    event.by = by
  }
  return event
}

/** A uuid for an event that came without one: a retry of such an event cannot be told from a new one. */
function serverUuid(now: number): string {
  let random = ''
  for (const byte of crypto.getRandomValues(new Uint8Array(RANDOM_CHARS))) random += SORTED_ALPHABET.charAt(byte & 63)
  return encodeTime(now) + random
}

/** An event's uuid as far as it can be read: the only name under which its sender knows it. */
export function readUuid(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('uuid' in value)) return null
  return typeof value.uuid === 'string' ? value.uuid : null
}
