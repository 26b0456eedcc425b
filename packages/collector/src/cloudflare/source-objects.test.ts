import { SORTED_ALPHABET } from '@warren/protocol'
import { describe, expect, it } from 'vitest'
import { configSchema } from '../config.ts'
import type { QueueRpc } from './object-rpc.ts'
import { shardOf, sourceObjects } from './source-objects.ts'

const stub = {} as QueueRpc
const objectsOf = (sources: Record<string, number | undefined>) =>
  sourceObjects(
    configSchema.parse({
      sources: Object.fromEntries(
        Object.entries(sources).map(([id, shards]) => [id, { kind: 'web', origins: ['*'], shards }]),
      ),
    }),
    { idFromName: (name) => name, get: () => stub },
  )

describe('the objects of a configuration', () => {
  it('are one a source, or as many as it has shards, each with a number of its own that stays', () => {
    const objects = objectsOf({ shop: 4, erp: undefined })
    expect(objects.all().map(({ source, shard }) => `${source}/${shard}`)).toEqual([
      'shop/0',
      'shop/1',
      'shop/2',
      'shop/3',
      'erp/0',
    ])
    expect(new Set(objects.all().map(({ number }) => number)).size).toBe(5)
    // Letters are found by it for as long as they are kept: it must never change.
    expect(objects.at('shop', 0).number).toBe(53_085)
    expect(objectsOf({ other: 2, shop: 1 }).at('shop', 0).number).toBe(53_085)
  })

  it('may not share a number: that is said at the start', () => {
    // Found by looking: of some thousand names two meet.
    const seen = new Map<number, string>()
    const pair = Array.from({ length: 5000 }, (_, n) => `s${n}`).flatMap((id) => {
      const { number } = objectsOf({ [id]: 1 }).at(id, 0)
      const other = seen.get(number)
      seen.set(number, id)
      return other === undefined ? [] : [[other, id]]
    })[0]
    const [one = '', other = ''] = pair ?? []
    expect(() => objectsOf({ [one]: 1, [other]: 1 })).toThrow(`sources.${other}: its number is that of a shard`)
  })
})

describe('shardOf', () => {
  const letters = SORTED_ALPHABET.split('')
  const devices = letters.flatMap((one) => letters.map((other) => one + other))

  it.each([1, 2, 3, 8, 64])('divides devices evenly among %d', (shards) => {
    const groups = Map.groupBy(devices, (d) => shardOf(d, shards))
    expect([...groups.keys()].toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: shards }, (_, n) => n),
    )
    const even = devices.length / shards
    for (const { length: count } of groups.values())
      expect(Math.abs(count - even)).toBeLessThan(5 * Math.sqrt(even) + 1)
  })

  it('gives a device one shard each time, and those without one the same', () => {
    expect(shardOf('Ab', 8)).toBe(shardOf('Ab', 8))
    expect(shardOf('', 8)).toBe(shardOf('', 8))
  })
})
