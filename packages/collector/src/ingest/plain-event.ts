import { IDENTITY_TYPES, isEventKey, MAX_UUID_CHARS, type WireEvent } from '@warren/protocol'
import { isCount, isId, isInstant, isRecord } from './wire-fields.ts'

/**
 * Whether an event is surely what `eventSchema` takes, and needs nothing left out: the everyday event, seen without
 * the schema's cost. False says nothing: whatever is seldom (a proof, an identity of an
 * unknown type) or wrong is the schema's to judge, and its words are what the sender reads.
 * A member that the schema does not know may be there; nobody reads it.
 */
export function isPlainEvent(value: unknown): value is WireEvent {
  if (!isRecord(value)) return false
  const { uuid, writer, seq, eventKey, time, intid, identity, by, proof, session } = value
  return (
    isEventKey(eventKey) &&
    (uuid === undefined || isUuid(uuid)) &&
    (writer === undefined || isId(writer)) &&
    (seq === undefined || isCount(seq)) &&
    (time === undefined || isInstant(time)) &&
    (intid === undefined || isId(intid)) &&
    (session === undefined || isId(session)) &&
    (identity === undefined || isPlainIdentity(identity)) &&
    (by === undefined || isIdentityType(by)) &&
    proof === undefined
  )
}

function isUuid(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= MAX_UUID_CHARS && value.isWellFormed()
}

/** Every member is of a known type, so that there is nothing to count and nothing to leave out. */
function isPlainIdentity(value: unknown): boolean {
  return isRecord(value) && Object.entries(value).every(([type, id]) => isIdentityType(type) && isId(id))
}

function isIdentityType(value: unknown): boolean {
  return (IDENTITY_TYPES as readonly unknown[]).includes(value)
}
