import { toBatchAddEvent, UNMATCHED, type PublicParams, type RabbitpreClient } from '@warren/rabbitpre'
import { readLane } from '../lane-name.ts'
import type { Upstream } from './forwarder.ts'

export interface Destination {
  /** The name of its credentials. */
  credentials: string
  client: RabbitpreClient
  publicParams: PublicParams
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
      send: (events) =>
        destination.client.batchAdd({
          publicParams,
          data: events.map((event) => toBatchAddEvent(event, publicParams)),
        }),
    }
  }
}
