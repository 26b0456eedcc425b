import { IDENTITY_TYPES } from '@warren/protocol'
import type { CollectorOptions, AdminOptions } from '../collector-options.ts'
import type { Fault } from '../ingest/check-args.ts'
import { checkEvent, type AcceptedEvent } from '../ingest/check-event.ts'
import { placeEvent } from '../ingest/place-event.ts'
import { isInstant, isRecord } from '../ingest/wire-fields.ts'
import { readLane } from '../lane-name.ts'
import { ProblemError } from '../problem.ts'
import type { DeadLetter } from '../queue/dead-letters.ts'
import type { QueueEntry } from '../queue/ports.ts'

/** The fields of an event as it is kept. */
const FIELDS: Record<keyof AcceptedEvent, true> = {
  uuid: true,
  eventKey: true,
  time: true,
  deviceTime: true,
  args: true,
  intid: true,
  identity: true,
  by: true,
}

/**
 * The event that an operator has edited, as the queue takes it: checked by ingest's own rules, and routed anew by its
 * identity, so that one which has gained an openid goes to the matched lane of its destination. The event given is the
 * whole event; a field that is left out is gone.
 * @throws {ProblemError} 400 that names the field: also one that no event has, since what was meant by it would be lost.
 */
export function editedEntry(
  value: unknown,
  letter: DeadLetter,
  { rulesOf, destinations }: Pick<AdminOptions, 'rulesOf'> & Pick<CollectorOptions, 'destinations'>,
): QueueEntry {
  if (!isRecord(value)) throw new ProblemError(400, 'event: must be an object, the whole event')
  checkNames(value, Object.keys(FIELDS), 'event')
  if (isRecord(value['identity'])) checkNames(value['identity'], IDENTITY_TYPES, 'event.identity')
  const { uuid, deviceTime } = value
  if (uuid !== letter.uuid) throw new ProblemError(400, `event.uuid: must stay ${JSON.stringify(letter.uuid)}`)
  if (deviceTime !== undefined && !isInstant(deviceTime)) {
    throw new ProblemError(400, 'event.deviceTime: must be a whole number of milliseconds since 1970')
  }

  const rules = rulesOf(letter.source)
  const checked = checkEvent(value, {
    // As a server's event: its time is right as it stands.
    kind: 'server',
    receivedAt: letter.receivedAt,
    shiftMs: 0,
    precedence: [...(rules?.precedence ?? []), ...IDENTITY_TYPES],
  })
  if (!checked.ok) throw fieldError(checked.rejection)
  const event: AcceptedEvent = {
    ...checked.event,
    ...(deviceTime === undefined ? {} : { deviceTime }),
  }

  // Where it was going; a destination that has been renamed since is its source's to know.
  const names = [readLane(letter.lane).destination, ...(rules ? [rules.destination] : [])]
  const name = names.find((one) => destinations.has(one))
  const publicParams = name === undefined ? undefined : destinations.get(name)
  if (name === undefined || !publicParams) {
    throw new ProblemError(400, `lane: there is no destination ${names.join(' or ')} in the configuration any more`)
  }
  const placed = placeEvent(event, { name, publicParams }, rules?.anonymous ?? 'unmatched', undefined)
  if (!placed.ok) throw fieldError(placed.fault)
  return placed.entry
}

function checkNames(value: object, known: readonly string[], path: string): void {
  const unknown = Object.keys(value).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new ProblemError(400, `${path}.${unknown}: is not known here; there are ${known.join(', ')}`)
}

function fieldError({ path, message }: Fault): ProblemError {
  return new ProblemError(400, `${path === '' ? 'event' : `event.${path}`}: ${message}`)
}
