import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Compression } from './compression.ts'
import { packCodec, type SqlLine } from './pack-codec.ts'

const encoder = new TextEncoder()
const line = (json: string) => ({ json, bytes: encoder.encode(json).byteLength })
const utf8 = (json: string) => ({ json: encoder.encode(json), bytes: encoder.encode(json).byteLength })
const compression: Compression = {
  fromBytes: 20,
  compress: (bytes) => deflateRawSync(bytes),
  decompress: (bytes) => inflateRawSync(bytes),
}
const texts = ['{"a":1}', '{"b":"兔展 🐇"}', '{}']

describe('packCodec', () => {
  it('joins texts to a text, and what came in UTF-8 to UTF-8', () => {
    const { toPacks, lines } = packCodec()
    const [text] = toPacks(texts.map(line))
    expect(text).toMatchObject({ events: 3, bytes: 7 + 19 + 2, body: texts.join('\n'), isCompressed: false })
    const [bytes] = toPacks([utf8(texts[0] ?? ''), line(texts[1] ?? ''), utf8(texts[2] ?? '')])
    expect(bytes?.body).toEqual(encoder.encode(texts.join('\n')))
    expect(lines(texts.join('\n'))).toEqual(texts)
  })

  it.each<(json: string) => SqlLine>([line, utf8])('compresses from so many bytes on, and reads both', (toLine) => {
    const { toPacks, lines } = packCodec(compression)
    const [small] = toPacks([toLine('{"a":1}')])
    expect(small?.isCompressed).toBe(false)
    const [large] = toPacks(texts.map(toLine))
    expect(large).toMatchObject({ events: 3, bytes: 28, isCompressed: true })
    expect(lines(large?.body ?? '')).toEqual(texts)
  })

  it('cuts at 500 events and at 1 MiB, and leaves a large one alone', () => {
    const { toPacks } = packCodec()
    expect(toPacks(Array.from({ length: 1001 }, () => line('{}'))).map(({ events }) => events)).toEqual([500, 500, 1])
    const half = { json: '{}', bytes: 512 * 1024 }
    const huge = { json: '{}', bytes: 3 * 1024 * 1024 }
    expect(toPacks([half, half, half, huge, half]).map(({ events }) => events)).toEqual([2, 1, 1, 1])
    expect(toPacks([])).toEqual([])
  })

  it('says what a runtime without the compression can do', () => {
    const [pack] = packCodec(compression).toPacks(texts.map(line))
    expect(() => packCodec().lines(pack?.body ?? '')).toThrow('start it on Node 22.15 or newer')
  })
})
