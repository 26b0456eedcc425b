import { IDENTITY_TYPES, type Identity, type IdentityType } from '@warren/protocol'
import type { BatchAddEvent } from './batch-add.ts'
import type { PublicParams } from './public-params.ts'
import { identityField } from './identity-field.ts'

/**
 * The one place where our event becomes the platform's. Another form of the interface (the vendor's v2, with
 * `identities[]`) is one more file beside this one.
 */

/** An event as the collector accepted it, on its way to the platform. */
export interface OutgoingEvent {
  uuid: string
  eventKey: string
  /** Milliseconds since 1970, corrected. */
  time: number
  args?: Record<string, unknown>
  intid?: string
  identity?: Identity
  /** The identity to match by; one of `identity`'s members. */
  by?: IdentityType
}

/** What an unmatched call looks like; that it may carry no identity fields is an assumption. */
export const UNMATCHED: PublicParams = { isMatching: false }

/** Whether an event can stand in a matching call: both ways of matching need an identity in every event. */
export function canMatch(event: Pick<OutgoingEvent, 'identity'>): boolean {
  return event.identity !== undefined && IDENTITY_TYPES.some((type) => event.identity?.[type] !== undefined)
}

/** Our event in the platform's fields, for a call with these `publicParams`. */
export function toBatchAddEvent(event: OutgoingEvent, params: PublicParams): BatchAddEvent {
  const out: BatchAddEvent = {}
  if (params.isMatching === true && event.identity) {
    // identityType belongs to precise matching alone; fuzzy matching has its own order (identifyWay).
    if (params.matchingType === 1 && event.by) out.identityType = event.by
    for (const type of IDENTITY_TYPES) {
      const value = event.identity[type]
      if (value !== undefined) out[identityField(type)] = value
    }
  }
  out.time = event.time
  out.uuid = event.uuid
  out.eventKey = event.eventKey
  if (event.intid !== undefined) out.intid = event.intid
  if (event.args !== undefined) out.eventargs = event.args
  return out
}
