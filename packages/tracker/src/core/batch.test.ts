import { describe, expect, it } from 'vitest'
import { batchBody, takeBatch } from './batch.ts'
import { chunkKey, createChunk, type Chunk, type QueuedEvent } from './chunk.ts'

let counter = 0
function chunk(events: number, more: { device?: string; bytes?: number; writer?: string; given?: number } = {}): Chunk {
  const { device = 'd', bytes = 100, writer = 'w', given = 7 } = more
  const texts = Array.from({ length: events }, (): QueuedEvent => [`u${counter++}`, '{"a":1}'])
  const record = { v: 1 as const, device, writer, given, dropped: {}, events: texts }
  return createChunk(chunkKey(0, counter, 'abcde', events, bytes), record, false)
}

describe('takeBatch', () => {
  it('takes whole chunks up to its events', () => {
    const chunks = [chunk(100), chunk(100), chunk(100)]
    expect(takeBatch(chunks, 250, 1e6)).toMatchObject({ chunks: chunks.slice(0, 2), isFull: true })
    expect(takeBatch(chunks, 301, 1e6)).toMatchObject({ chunks, isFull: false })
    expect(takeBatch(chunks, 300, 1e6)).toMatchObject({ chunks, isFull: true })
  })

  it('takes whole chunks up to its bytes, commas among them', () => {
    const chunks = [chunk(1, { bytes: 99 }), chunk(1, { bytes: 99 })]
    expect(takeBatch(chunks, 9, 200)).toMatchObject({ chunks, bytes: 200 })
    expect(takeBatch(chunks, 9, 199)).toMatchObject({ chunks: chunks.slice(0, 1), isFull: true })
  })

  it('holds one device', () => {
    const chunks = [chunk(1), chunk(1), chunk(1, { device: 'e' }), chunk(1)]
    expect(takeBatch(chunks, 9, 1e6)).toMatchObject({ device: 'd', chunks: chunks.slice(0, 2), isFull: true })
  })

  it('cuts a chunk that alone has too many events', () => {
    const chunks = [chunk(10), chunk(1)]
    const batch = takeBatch(chunks, 3, 1e6)
    expect(batch?.chunks).toEqual(chunks.slice(0, 1))
    expect(batch?.events).toEqual(chunks[0]?.record.events.slice(0, 3))
  })

  it('passes over what never fits', () => {
    const chunks = [chunk(1, { bytes: 5000 }), chunk(1)]
    expect(takeBatch(chunks, 9, 1000)?.chunks).toEqual([chunks[1]])
    expect(takeBatch(chunks.slice(0, 1), 9, 1000)).toBeUndefined()
    expect(takeBatch([], 9, 1000)).toBeUndefined()
  })
})

describe('batchBody', () => {
  const origin = { device: 'd', writer: { id: 'own', given: 3, dropped: { closed: 1 } }, sdk: 'test/1' }
  const body = (chunks: Chunk[]) => {
    const batch = takeBatch(chunks, 99, 1e6)
    return batch && (JSON.parse(batchBody(batch, origin, 5)) as Record<string, unknown>)
  }

  it('is the envelope of the wire', () => {
    expect(body([chunk(2)])).toEqual({
      v: 1,
      sentAt: 5,
      device: 'd',
      sdk: 'test/1',
      writers: [{ id: 'w', given: 7, dropped: {} }, origin.writer],
      events: [{ a: 1 }, { a: 1 }],
    })
  })

  it('lists each writer once, its last totals, and its own live ones', () => {
    const chunks = [chunk(1, { given: 1 }), chunk(1, { given: 2 }), chunk(1, { writer: 'own', given: 1 })]
    expect(body(chunks)?.['writers']).toEqual([{ id: 'w', given: 2, dropped: {} }, origin.writer])
  })

  it('does not claim its own writer for another device', () => {
    expect(body([chunk(1, { device: 'e' })])?.['writers']).toEqual([{ id: 'w', given: 7, dropped: {} }])
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
