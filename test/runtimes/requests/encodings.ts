import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { randomBytes } from 'node:crypto'
import { batch, chunk, CHUNKED, event, LAST_CHUNK, one, request } from './build.ts'
import { problem, RESET, taken, type Outcome, type Part, type Row } from './row.ts'

/** Bodies that are compressed, or said to be. */

const GZ = '/v1/batch?source=all&gz=1'
const NOT_GZIP = problem(400, 'the body could not be read: it ended early, or is not gzip as gz=1 says')
const ONLY_GZIP = problem(415, 'content-encoding: only gzip is read here')
const TOO_LARGE = problem(413, 'the body is over 2097152 bytes: send fewer events at once')

/** 128 MiB of zeros in 130 KB. */
const bomb = gzipSync(Buffer.alloc(128 * 1024 * 1024))

/** It says of itself that it is small. */
const liar = Buffer.from(bomb)
liar.writeUInt32LE(100, liar.length - 4)

/** 80 KB in many pieces, of a batch with noise in an unknown field. */
const noisy = (id: string): Buffer => gzipSync(batch([event(id)], { later: randomBytes(70_000).toString('hex') }))

function changed(id: string, change: (zipped: Buffer) => void): Buffer {
  const zipped = gzipSync(one(id))
  change(zipped)
  return zipped
}

const asked = (name: string, body: (id: string) => string | Uint8Array, comes: Outcome): Row => ({
  name: `gz=1 and ${name}`,
  sends: (id) => request({ target: GZ, body: body(id) }),
  comes,
})

const encoded = (encoding: string, body: (id: string) => string | Uint8Array, comes: Outcome, name = ''): Row => ({
  name: `content-encoding ${JSON.stringify(encoding)}${name}`,
  sends: (id) => request({ headers: [`Content-Encoding: ${encoding}`], body: body(id) }),
  comes,
})

export const encodingRows: Row[] = [
  asked('gzip', (id) => gzipSync(one(id)), taken),
  asked('gzip of a BOM and a batch', (id) => gzipSync(`\uFEFF${one(id)}`), taken),
  asked('gzip in pieces that are not compressed', (id) => gzipSync(one(id) + ' '.repeat(200_000), { level: 0 }), taken),
  asked('plain text', one, NOT_GZIP),
  asked('gzip cut short', (id) => gzipSync(one(id)).subarray(0, -4), NOT_GZIP),
  asked('gzip cut in its midst', (id) => gzipSync(one(id)).subarray(0, 40), NOT_GZIP),
  asked('gzip with a wrong check sum', (id) => changed(id, (zip) => zip.writeUInt32LE(7, zip.length - 8)), NOT_GZIP),
  asked('gzip with a wrong length', (id) => changed(id, (zip) => zip.writeUInt32LE(7, zip.length - 4)), NOT_GZIP),
  asked('gzip with an x behind it', (id) => Buffer.concat([gzipSync(one(id)), Buffer.from('x')]), NOT_GZIP),
  asked('gzip with zeros behind it', (id) => Buffer.concat([gzipSync(one(id)), Buffer.alloc(8)]), NOT_GZIP),
  asked(
    'two gzips of half a batch each',
    (id) => Buffer.concat([gzipSync(one(id).slice(0, 50)), gzipSync(one(id).slice(50))]),
    NOT_GZIP,
  ),
  asked('no bytes', () => '', NOT_GZIP),
  asked('gzip of no bytes', () => gzipSync(''), problem(400, 'the body is empty: send a batch as JSON')),
  asked(
    'gzip of another encoding',
    (id) => gzipSync(Buffer.from(one(id), 'utf16le')),
    problem(400, 'the body is not JSON'),
  ),
  asked('a bomb', () => bomb, TOO_LARGE),
  asked('a bomb that says it is small', () => liar, TOO_LARGE),
  encoded('gzip', () => bomb, TOO_LARGE, ' of a bomb'),
  encoded('gzip', (id) => gzipSync(one(id)), taken),
  encoded(' GZIP ', (id) => gzipSync(one(id)), taken),
  encoded('gzip', one, NOT_GZIP, ' of plain text'),
  encoded('', one, taken),
  encoded('identity', one, taken),
  encoded('x-gzip', (id) => gzipSync(one(id)), ONLY_GZIP),
  encoded('gzip, gzip', (id) => gzipSync(gzipSync(one(id))), ONLY_GZIP),
  encoded('deflate', (id) => deflateSync(one(id)), ONLY_GZIP),
  encoded('br', (id) => brotliCompressSync(one(id)), ONLY_GZIP),
  encoded('zstd', one, ONLY_GZIP),
  {
    name: 'gz=1 and content-encoding, of one gzip',
    sends: (id) => request({ target: GZ, headers: ['Content-Encoding: gzip'], body: gzipSync(one(id)) }),
    comes: taken,
  },
  {
    name: 'gz=0 and plain text',
    sends: (id) => request({ target: '/v1/batch?source=all&gz=0', body: one(id) }),
    comes: taken,
  },
  {
    name: 'gz=1, percent-encoded',
    sends: (id) => request({ target: '/v1/batch?source=all&%67z=%31', body: gzipSync(one(id)) }),
    comes: taken,
  },
  {
    name: 'gz=1 and gzip that hardly shrank',
    sends: (id) => request({ target: GZ, body: noisy(id) }),
    comes: taken,
  },
  {
    // Kept where the body had come: a reset throws away what the server has not read yet.
    name: 'gz=1 and a reset while it is inflated',
    sends: (id) => [request({ target: GZ, body: noisy(id) }), RESET],
    comes: { answers: ['unheard'], takes: [], mayTake: [''] },
  },
  {
    name: 'gzip in chunks',
    sends: (id): Part[] => [request({ target: GZ, framing: CHUNKED, body: chunk(gzipSync(one(id))) }), LAST_CHUNK],
    comes: taken,
  },
]
