import { canMatch, type PublicParams } from '@warren/rabbitpre'
import { laneName } from '../lane-name.ts'
import type { AcceptedEvent } from './check-event.ts'

/** What a source says of events without an identity; see the configuration. */
export type AnonymousPolicy = 'unmatched' | 'device' | 'reject'

/**
 * The lane of an event: `<destination>/matched` where its call matches customers, else `<destination>/unmatched`.
 * Under `device` an anonymous event is given the device as its customer id (`event` is changed);
 * undefined means that the source takes no event without an identity.
 */
export function routeToLane(
  event: AcceptedEvent,
  destination: { name: string; publicParams: PublicParams },
  anonymous: AnonymousPolicy,
  device: string | undefined,
): string | undefined {
  const { name, publicParams } = destination
  if (publicParams.isMatching !== true) return laneName(name, false)
  if (canMatch(event)) return laneName(name, true)
  switch (anonymous) {
    case 'unmatched':
      return laneName(name, false)
    case 'device':
      if (device === undefined) return laneName(name, false)
      event.identity = { uid: device }
      event.by = 'uid'
      return laneName(name, true)
    case 'reject':
      return undefined
  }
}
