import { createRabbitpreClient, type RabbitpreClientOptions, type TokenSource } from '@warren/rabbitpre'
import type { Config } from '../config.ts'
import { callSize } from '../forward/due.ts'
import type { Destination } from '../forward/rabbitpre-upstream.ts'

/**
 * Each destination with a client of its own.
 * @param tokens by the names of credentials.
 */
export function openDestinations(
  { destinations }: Config,
  tokens: ReadonlyMap<string, TokenSource>,
  options: Pick<RabbitpreClientOptions, 'fetch' | 'timeoutMs'> = {},
): Map<string, Destination> {
  return new Map(
    Object.entries(destinations).map(([name, destination]) => {
      const { credentials, publicParams, baseUrl, batchAddPath } = destination
      const token = tokens.get(credentials)
      if (!token) throw new Error(`destination ${name} has no credentials`)
      const client = createRabbitpreClient({
        ...options,
        token,
        ...(baseUrl === undefined ? {} : { baseUrl }),
        ...(batchAddPath === undefined ? {} : { batchAddPath }),
      })
      return [name, { credentials, client, publicParams, maxCall: callSize(destination) }]
    }),
  )
}
