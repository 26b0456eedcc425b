import { toBatchAddEvent, UNMATCHED, type PublicParams, type RabbitpreClient } from '@warren/rabbitpre'
import { readLane } from '../lane-name.ts'
import type { CallSize } from './due.ts'
import type { Upstream } from './forwarder.ts'

export interface Destination {
  /** The name of its credentials. */
  credentials: string
  client: RabbitpreClient
  publicParams: PublicParams
  /** What one call may take. Default 500 events and 1 MiB. */
  maxCall?: CallSize
}

/** The upstream of each lane: its destination's client, with the `publicParams` of a matched or an unmatched call. */
export function rabbitpreUpstreams(
  destinations: ReadonlyMap<string, Destination>,
): (lane: string) => Upstream | undefined {
  return (lane) => {
    const { destination: name, isMatched } = readLane(lane)
    const destination = destinations.get(name)
    if (!destination) return undefined
    const publicParams = isMatched ? destination.publicParams : UNMATCHED
    return {
      credentials: destination.credentials,
      ...(destination.maxCall ? { maxCall: destination.maxCall } : {}),
      send: (events) =>
        destination.client.batchAdd({
          publicParams,
          data: events.map((event) => toBatchAddEvent(event, publicParams)),
        }),
    }
  }
}
