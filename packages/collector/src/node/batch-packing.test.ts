import { expect, it } from 'vitest'
import { entry } from '../queue/conformance.ts'
import { batchPacker, unpackBatches, type PackedBatches } from './batch-packing.ts'

const decoder = new TextDecoder()

/** What comes out, with its lines as texts. */
const unpacked = (packed: PackedBatches) =>
  [...unpackBatches(packed)].map(({ entries, ...rest }) => ({
    ...rest,
    entries: entries.map((one) => ({ ...one, json: decoder.decode(one.json as Uint8Array) })),
  }))

it('gives batches back as they were, over a message between threads', () => {
  const packer = batchPacker()
  const batches = [
    {
      id: 1,
      source: 's',
      entries: [entry('1', 'a/unmatched'), entry('2', 'a/matched', '兔展 🐇'), entry('3', 'a/matched')],
    },
    { id: 2, source: '', entries: [] },
    { id: 3, source: 't', entries: [entry('4', 'a/unmatched')] },
  ]
  for (const { id, source, entries } of batches) packer.add(id, source, entries)
  expect(unpacked(structuredClone(packer.take()))).toEqual(batches)
  // What was taken is gone, and the lane is told anew.
  packer.add(4, 's', [entry('5', 'a/unmatched')])
  expect(unpacked(packer.take())).toEqual([{ id: 4, source: 's', entries: [entry('5', 'a/unmatched')] }])
  expect(unpacked(packer.take())).toEqual([])
})
