import { describe, expect, it } from 'vitest'
import { batchBody, takeBatch as take } from './batch.ts'
import { chunkKey, type Chunk, type QueuedEvent } from './chunk.ts'

const ENVELOPE = 2048
const takeBatch = (chunks: Chunk[], maxEvents: number, maxBytes: number) =>
  take(chunks, maxEvents, ENVELOPE + maxBytes, false, new Set())

let counter = 0
function chunk(events: number, more: { device?: string; bytes?: number; writer?: string; given?: number } = {}): Chunk {
  const { device = 'd', bytes = 100, writer = 'w', given = 7 } = more
  const texts = Array.from({ length: events }, (): QueuedEvent => [`u${counter++}`, '{"a":1}'])
  const record = { v: 1 as const, device, writer, given, dropped: {}, events: texts }
  return { key: chunkKey(0, () => `${counter}`.padStart(9, '0'), events, bytes), record }
}

describe('takeBatch', () => {
  it('takes whole chunks up to its events', () => {
    const chunks = [chunk(100), chunk(100), chunk(100)]
    expect(takeBatch(chunks, 250, 1e6)).toMatchObject({ chunks: chunks.slice(0, 2), hasMore: true })
    expect(takeBatch(chunks, 300, 1e6)).toMatchObject({ chunks })
    expect(takeBatch(chunks, 300, 1e6).hasMore).toBeFalsy()
  })

  it('takes whole chunks up to its bytes, commas among them', () => {
    const chunks = [chunk(1, { bytes: 99 }), chunk(1, { bytes: 99 })]
    expect(takeBatch(chunks, 9, 200)).toMatchObject({ chunks, bytes: ENVELOPE + 200 })
    expect(takeBatch(chunks, 9, 199)).toMatchObject({ chunks: chunks.slice(0, 1) })
  })

  it('holds one device', () => {
    const chunks = [chunk(1), chunk(1), chunk(1, { device: 'e' }), chunk(1)]
    expect(takeBatch(chunks, 9, 1e6)).toMatchObject({
      device: 'd',
      chunks: [chunks[0], chunks[1], chunks[3]],
      hasMore: true,
    })
  })

  it('cuts a chunk that alone has too many events', () => {
    const chunks = [chunk(10), chunk(1)]
    const batch = takeBatch(chunks, 3, 1e6)
    expect(batch.hasMore).toBe(true)
    expect(batch.chunks).toEqual(chunks.slice(0, 1))
    expect(batch.events).toEqual(chunks[0]?.record.events.slice(0, 3))
  })

  it('passes over what never fits', () => {
    const chunks = [chunk(1, { bytes: 5000 }), chunk(1)]
    expect(takeBatch(chunks, 9, 1000).chunks).toEqual([chunks[1]])
    expect(takeBatch(chunks.slice(0, 1), 9, 1000).device).toBe('')
    expect(takeBatch([], 9, 1000).device).toBe('')
  })
})

describe('batchBody', () => {
  const own = { device: 'd', writer: 'own', given: 3, dropped: { closed: 1 } }
  const ownOnWire = { id: 'own', given: 3, dropped: { closed: 1 } }
  const body = (chunks: Chunk[]) =>
    JSON.parse(batchBody(takeBatch(chunks, 99, 1e6), own, 'test/1', 5)) as Record<string, unknown>

  it('is the envelope of the wire', () => {
    expect(body([chunk(2)])).toEqual({
      v: 1,
      sentAt: 5,
      device: 'd',
      sdk: 'test/1',
      writers: [{ id: 'w', given: 7, dropped: {} }, ownOnWire],
      events: [{ a: 1 }, { a: 1 }],
    })
  })

  it('lists each writer once, its last totals, and its own live ones', () => {
    const chunks = [chunk(1, { given: 1 }), chunk(1, { given: 2 }), chunk(1, { writer: 'own', given: 1 })]
    expect(body(chunks)['writers']).toEqual([{ id: 'w', given: 2, dropped: {} }, ownOnWire])
  })

  it('tells the greatest totals of a writer, also where its newest chunk goes first, as at exit', () => {
    const chunks = [chunk(1, { given: 2 }), chunk(1, { given: 1 })]
    expect(body(chunks)['writers']).toEqual([{ id: 'w', given: 2, dropped: {} }, ownOnWire])
  })

  it('does not claim its own writer for another device', () => {
    expect(body([chunk(1, { device: 'e' })])['writers']).toEqual([{ id: 'w', given: 7, dropped: {} }])
  })

  it('stays whole where the page gives arrays a toJSON', () => {
    const host = Array.prototype as { toJSON?: () => string }
    host.toJSON = () => 'spoiled'
    try {
      expect(body([chunk(2)])).toMatchObject({ events: [{ a: 1 }, { a: 1 }], writers: [{ id: 'w' }, { id: 'own' }] })
    } finally {
      delete host.toJSON
    }
  })
})
