import { beforeEach, describe, expect, it } from 'vitest'
import { configSchema } from '../config.ts'
import type { Tally } from '../edge/tally.ts'
import { QueueFullError } from '../queue/ports.ts'
import type { Kept, QueueRpc } from './object-rpc.ts'
import { objectSink } from './object-sink.ts'
import { shardOf, sourceObjects } from './source-objects.ts'

const ENTRY = { uuid: 'u', lane: 'default/unmatched', json: '{}', bytes: 2 }
const config = configSchema.parse({
  sources: { shop: { kind: 'web', origins: ['*'], shards: 4 }, erp: { kind: 'web', origins: ['*'] } },
})

let calls: string[]
let clock = 1000
let recorded: Record<string, number>
let answer: Kept
let fault: string | undefined
let givenBack: Tally[]

/** A Worker's sink, over objects that note what they are asked. */
function open() {
  let counted = 0
  const objects = sourceObjects(config, {
    idFromName: (name) => name,
    get(id) {
      const name = String(id)
      const rpc: Pick<QueueRpc, 'claim' | 'keep' | 'probe'> = {
        async claim(shards) {
          calls.push(`claim ${name}`)
          if (fault === 'claim') throw new Error('overloaded')
          if (fault === 'cut off') return new Promise<never>(() => {})
          return (recorded[name] ??= shards)
        },
        async keep(source, entries, more) {
          calls.push(`keep ${name} ${source} ${entries.length} ${JSON.stringify(more)}`)
          if (fault === 'keep') throw new Error('overloaded')
          return answer
        },
        async probe() {
          calls.push(`probe ${name}`)
          if (fault === 'probe') throw new Error('disk')
        },
      }
      return rpc as QueueRpc
    },
  })
  return objectSink(
    objects,
    { take: () => ({ batches: ++counted }), giveBack: (tally) => givenBack.push(tally) },
    () => clock,
  )
}

beforeEach(() => {
  calls = []
  recorded = {}
  answer = { kind: 'kept', fresh: 1, repeated: 0 }
  fault = undefined
  givenBack = []
})

describe('objectSink', () => {
  it('gives a batch to the shard of its device, after the source has been claimed once', async () => {
    const sink = open()
    for (const d of ['Ab', 'Ab', 'zy']) await sink.enqueue('shop', [ENTRY], { d })
    const [one, other] = [shardOf('Ab', 4), shardOf('zy', 4)]
    expect(one).not.toBe(other)
    expect(calls).toEqual([
      'claim shop/0',
      `keep shop/${one} shop 1 {"batches":1}`,
      `keep shop/${one} shop 1 {"batches":2}`,
      `keep shop/${other} shop 1 {"batches":3}`,
    ])
  })

  it('asks nobody where there is nothing to keep', async () => {
    expect(await open().enqueue('shop', [], { d: 'Ab' })).toEqual({ fresh: 0, repeated: 0 })
    expect(calls).toEqual([])
  })

  it('refuses another number of shards than at first use, and says what to do', async () => {
    recorded['shop/0'] = 2
    const sink = open()
    const refused = sink.enqueue('shop', [ENTRY], { d: 'Ab' })
    await expect(refused).rejects.toMatchObject({
      status: 503,
      message: expect.stringMatching(
        /sources\.shop\.shards: is 4, and was 2 .*set it back, or give the source a new id/,
      ),
    })
    expect(calls).toEqual(['claim shop/0'])
    // Another source is not touched by it.
    expect(await sink.enqueue('erp', [ENTRY], { d: 'Ab' })).toEqual({ fresh: 1, repeated: 0 })
    await expect(sink.enqueue('', [], { d: '' })).rejects.toThrow('sources.shop.shards')
  })

  it('claims again where the object did not answer', async () => {
    const sink = open()
    fault = 'claim'
    await expect(sink.enqueue('erp', [ENTRY], { d: 'Ab' })).rejects.toThrow('overloaded')
    fault = undefined
    expect(await sink.enqueue('erp', [ENTRY], { d: 'Ab' })).toEqual({ fresh: 1, repeated: 0 })
  })

  it('waits for no claim of another request, which the runtime may have cut off', async () => {
    const sink = open()
    fault = 'cut off'
    void sink.enqueue('erp', [ENTRY], { d: 'Ab' })
    fault = undefined
    expect(await sink.enqueue('erp', [ENTRY], { d: 'Ab' })).toEqual({ fresh: 1, repeated: 0 })
  })

  it('gives back what was counted where the object did not take it: those are the counts of its failures', async () => {
    const sink = open()
    fault = 'keep'
    await expect(sink.enqueue('erp', [ENTRY], { d: 'Ab' })).rejects.toThrow('overloaded')
    expect(givenBack).toEqual([{ batches: 1 }])
    fault = undefined
    await sink.enqueue('erp', [ENTRY], { d: 'Ab' })
    expect(givenBack).toHaveLength(1)
  })

  it('tells a full queue as what it is', async () => {
    answer = { kind: 'full', words: 'the queue is full: it holds 5' }
    await expect(open().enqueue('erp', [ENTRY], { d: 'Ab' })).rejects.toThrow(QueueFullError)
  })

  it('is ready when every object can commit', async () => {
    const sink = open()
    await sink.enqueue('', [], { d: '' })
    expect(calls.filter((call) => call.startsWith('probe')).toSorted()).toEqual([
      'probe erp/0',
      'probe shop/0',
      'probe shop/1',
      'probe shop/2',
      'probe shop/3',
    ])
    fault = 'probe'
    // Known for five seconds: anyone may ask, and each look costs a row an object.
    clock += 4999
    await sink.enqueue('', [], { d: '' })
    clock += 1
    await expect(sink.enqueue('', [], { d: '' })).rejects.toThrow('disk')
  })
})
