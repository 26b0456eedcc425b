import type { Config } from '../config.ts'
import { SettingsError } from '../settings/settings-error.ts'
import type { ObjectNamespace, QueueRpc } from './object-rpc.ts'

/** One of the objects that a source's events are divided among. */
export interface SourceObject {
  source: string
  shard: number
  /** Tells it from every other object of the configuration, for good: see `object-dead-letters.ts`. */
  number: number
  stub: QueueRpc
}

export interface SourceObjects {
  /** Every object of every configured source. */
  all(): SourceObject[]
  /** How many a source has. */
  shards(source: string): number
  at(source: string, shard: number): SourceObject
}

/** Numbers have this many bits: with a hundred objects two would meet once in two hundred configurations. */
export const OBJECT_NUMBER_BITS = 20

/**
 * The objects that hold the queues: `<source>/<shard>` each.
 * @throws {SettingsError} where two of them have one number, in words that say what to do.
 */
export function sourceObjects({ sources }: Config, namespace: ObjectNamespace<QueueRpc>): SourceObjects {
  const shards = (source: string) => sources[source]?.shards ?? 1
  const at = (source: string, shard: number): SourceObject => {
    const name = `${source}/${shard}`
    return { source, shard, number: numberOf(name), stub: namespace.get(namespace.idFromName(name)) }
  }
  const all = () =>
    Object.keys(sources).flatMap((source) => Array.from({ length: shards(source) }, (_, shard) => at(source, shard)))

  const taken = new Map<number, string>()
  for (const { source, number } of all()) {
    const other = taken.get(number)
    if (other !== undefined) {
      throw new SettingsError(
        `sources.${source}: its number is that of a shard of sources.${other}: give one another id`,
      )
    }
    taken.set(number, source)
  }
  return { all, shards, at }
}

/** Which shard a device's events belong to, by the two characters of it that the address tells. */
export function shardOf(d: string, shards: number): number {
  return shards === 1 ? 0 : hash(d) % shards
}

function numberOf(name: string): number {
  return hash(name) >>> (32 - OBJECT_NUMBER_BITS)
}

/** FNV-1a (RFC 9923), 32 bits, with a last stir, since names differ in their last characters alone. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return Math.imul(value ^ (value >>> 15), 0x2c1b3c6d) >>> 0
}
