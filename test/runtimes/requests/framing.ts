import { chunk, CHUNKED, LAST_CHUNK, one, request } from './build.ts'
import {
  ANSWER,
  answered,
  bothTaken,
  END,
  problem,
  refused,
  refusedBy,
  RESET,
  taken,
  takenBy,
  told,
  type Outcome,
  type Row,
  type Unlike,
} from './row.ts'

/** Where a body begins and ends, and a connection. */

const EMPTY = problem(400, 'the body is empty: send a batch as JSON')
const TOO_LARGE = problem(413, 'the body is over 524288 bytes: send fewer events at once')
const lengthOf = (body: string) => `Content-Length: ${body.length}`

const PIECE = 'x'.repeat(65_536)

/** 576 KiB, and no end. */
const overLimit = Array.from({ length: 9 }, () => chunk(PIECE))

/** A client that leaves after its last byte hears nothing, and its event is kept. */
const kept: Outcome = { answers: ['unheard'], takes: [''] }
const left: Outcome = { answers: ['unheard'], takes: [] }

/** The answer is on its way, and a reset may overtake it. */
const RESETS: Unlike[] = [
  { homes: ['workerd'], comes: left, why: 'it ends a connection on which more comes than it throws away' },
]

const lengths: Row[] = [
  { name: 'a length of 0', sends: () => request({ body: '' }), comes: EMPTY },
  { name: 'no body', sends: () => request(), comes: EMPTY },
  {
    // Not one byte of it is there: it is answered without being read.
    name: 'a length over the limit',
    sends: () => request({ framing: ['Content-Length: 524289'] }),
    comes: TOO_LARGE,
  },
  { name: 'a length of 50 MB', sends: () => request({ framing: ['Content-Length: 50000000'] }), comes: TOO_LARGE },
  {
    name: 'a length of 50 MB, and a client that sends until it is answered',
    sends: () => [request({ framing: ['Content-Length: 50000000'] }), { step: 'floods', piece: PIECE }],
    comes: TOO_LARGE,
    unlike: RESETS,
  },
  {
    name: 'a body of 512 KiB',
    sends: (id) => request({ body: one(id).padEnd(524_288) }),
    comes: taken,
  },
  ...['99999999999999999999', '-1', '+5', 'abc', '5, 6', '0x10', '1e2'].map((length) => ({
    name: `a length of ${length}`,
    sends: (id: string) => request({ framing: [`Content-Length: ${length}`], body: one(id) }),
    comes: refused,
  })),
  {
    name: 'two lengths',
    sends: (id) => request({ framing: [lengthOf(one(id)), 'Content-Length: 5'], body: one(id) }),
    comes: refused,
  },
  {
    name: 'one length twice',
    sends: (id) => request({ framing: [lengthOf(one(id)), lengthOf(one(id))], body: one(id) }),
    comes: refused,
    unlike: takenBy(['bun'], 'RFC 9112, 6.3 allows it where both are one'),
  },
]

const chunks: Row[] = [
  { name: 'one chunk', sends: (id) => [request({ framing: CHUNKED, body: chunk(one(id)) }), LAST_CHUNK], comes: taken },
  {
    name: 'a chunk for every byte',
    sends: (id) => [
      request({ framing: CHUNKED }),
      ...one(id)
        .split('')
        .map((byte) => chunk(byte)),
      LAST_CHUNK,
    ],
    comes: taken,
  },
  {
    name: 'chunks with a trailer',
    sends: (id) => [request({ framing: [...CHUNKED, 'Trailer: X-T'], body: chunk(one(id)) }), '0\r\nX-T: 1\r\n\r\n'],
    comes: taken,
  },
  {
    name: 'chunks with a length in the trailer',
    sends: (id) => [request({ framing: CHUNKED, body: chunk(one(id)) }), '0\r\nContent-Length: 3\r\n\r\n'],
    comes: refused,
    unlike: takenBy(['workerd'], 'it passes trailers over'),
  },
  {
    name: 'a chunk with an extension',
    sends: (id) => [request({ framing: CHUNKED }), `${one(id).length.toString(16)};a=b\r\n${one(id)}\r\n`, LAST_CHUNK],
    comes: taken,
    unlike: refusedBy(['workerd'], 'it reads no extensions'),
  },
  {
    name: 'a chunk of no size',
    sends: (id) => [request({ framing: CHUNKED }), `zz\r\n${one(id)}\r\n`, LAST_CHUNK],
    comes: refused,
  },
  { name: 'no chunk', sends: () => [request({ framing: CHUNKED }), LAST_CHUNK], comes: EMPTY },
  {
    name: 'chunks over the limit',
    sends: () => [request({ framing: CHUNKED }), ...overLimit, LAST_CHUNK],
    comes: TOO_LARGE,
  },
  {
    name: 'chunks over the limit that do not end',
    sends: () => [request({ framing: CHUNKED }), ...overLimit],
    comes: TOO_LARGE,
  },
  {
    name: 'chunks until it is answered',
    sends: () => [request({ framing: CHUNKED }), { step: 'floods', piece: chunk(PIECE) }],
    comes: TOO_LARGE,
    unlike: RESETS,
  },
  {
    name: 'CHUNKED',
    sends: (id) => [request({ framing: ['Transfer-Encoding: CHUNKED'], body: chunk(one(id)) }), LAST_CHUNK],
    comes: taken,
  },
  ...['xchunked', 'chunked, identity', 'identity'].map((encoding) => ({
    name: `a transfer-encoding ${encoding}`,
    sends: (id: string) => [request({ framing: [`Transfer-Encoding: ${encoding}`], body: chunk(one(id)) }), LAST_CHUNK],
    comes: refused,
  })),
  {
    name: 'a transfer-encoding gzip, chunked, of what is no gzip',
    sends: (id) => [request({ framing: ['Transfer-Encoding: gzip, chunked'], body: chunk(one(id)) }), LAST_CHUNK],
    comes: taken,
    unlike: refusedBy(['workerd'], 'it knows chunked alone'),
  },
  {
    name: 'chunked twice',
    sends: (id) => [request({ framing: ['Transfer-Encoding: chunked, chunked'], body: chunk(one(id)) }), LAST_CHUNK],
    comes: refused,
    unlike: takenBy(['workerd'], 'it takes the two for one'),
  },
]

/** What one reader takes for a body, and another for a second request. */
const hidden = (id: string) => LAST_CHUNK + request({ body: one(id) }).toString()

const smuggling: Row[] = [
  {
    name: 'chunks and a length',
    sends: (id) => [request({ framing: [...CHUNKED, 'Content-Length: 4'], body: chunk(one(id)) }), LAST_CHUNK],
    comes: refused,
  },
  {
    name: 'a length and chunks, and another request in the body',
    sends: (id) => request({ framing: [lengthOf(hidden(id)), ...CHUNKED], body: hidden(id) }),
    comes: { answers: ['refused', 'closed'], takes: [] },
  },
  {
    name: 'chunks by a name with a space behind it, and a length',
    sends: (id) => request({ framing: [lengthOf(hidden(id)), 'Transfer-Encoding : chunked'], body: hidden(id) }),
    comes: { answers: ['refused', 'closed'], takes: [] },
  },
]

const leaving: Row[] = [
  {
    name: 'a body shorter than its length, then the end',
    sends: (id) => [request({ framing: ['Content-Length: 5000'], body: one(id) }), END],
    comes: refused,
  },
  {
    name: 'a body shorter than its length, then a reset',
    sends: (id) => [request({ framing: ['Content-Length: 5000'], body: one(id) }), RESET],
    comes: left,
  },
  {
    name: 'chunks without the last one, then the end',
    sends: (id) => [request({ framing: CHUNKED, body: chunk(one(id)) }), END],
    comes: refused,
  },
  {
    name: 'a head cut short, then the end',
    sends: (id) => [request({ body: one(id) }).subarray(0, 50), END],
    comes: refused,
  },
  { name: 'nothing, then the end', sends: () => END, comes: { answers: ['closed'], takes: [] } },
  {
    name: 'a client that leaves after its last byte',
    sends: (id) => [request({ body: one(id) }), END],
    comes: kept,
  },
  {
    name: 'a client that leaves after its last byte, which came late',
    sends: (id) => [request({ body: one(id) }).subarray(0, -9), request({ body: one(id) }).subarray(-9), END],
    comes: kept,
  },
  {
    // A reset throws away what the server has not read yet.
    name: 'a client that resets after its last byte',
    sends: (id) => [request({ body: one(id) }), RESET],
    comes: { answers: ['unheard'], takes: [], mayTake: [''] },
  },
  {
    name: 'a client that leaves after its last chunk',
    sends: (id) => [request({ framing: CHUNKED, body: chunk(one(id)) }), LAST_CHUNK, END],
    comes: kept,
    unlike: [
      {
        homes: ['deno'],
        comes: { answers: ['unheard'], takes: [], mayTake: [''] },
        why: 'where the end comes first, it throws away what it has not handed on',
      },
    ],
  },
]

const KEEP = ['Connection: keep-alive']
const CLOSE = ['Connection: close']

const connections: Row[] = [
  {
    name: 'keep-alive: two requests, the second after the answer',
    sends: (id) => [
      request({ headers: KEEP, body: one(`${id}-1`) }),
      ANSWER,
      request({ headers: KEEP, body: one(`${id}-2`) }),
    ],
    comes: bothTaken,
  },
  {
    name: 'a refused batch and a good one on one connection',
    sends: (id) => [request({ body: 'x' }), ANSWER, request({ body: one(id) })],
    comes: { answers: [told(400, 'the body is not JSON'), ...taken.answers], takes: [''] },
  },
  {
    name: 'close: the connection ends with the answer',
    sends: (id) => request({ headers: CLOSE, body: one(id) }),
    comes: { answers: [...taken.answers, 'closed'], takes: [''] },
    unlike: [{ homes: ['workerd'], comes: taken, why: 'it ends it some seconds later' }],
  },
  {
    name: 'two requests at once',
    sends: (id) => Buffer.concat([request({ body: one(`${id}-1`) }), request({ body: one(`${id}-2`) })]),
    comes: bothTaken,
  },
  {
    name: 'a 404, whose body is not read, and a good batch at once',
    sends: (id) => Buffer.concat([request({ target: '/nowhere', body: one(`${id}-1`) }), request({ body: one(id) })]),
    comes: {
      answers: [told(404, 'there is nothing here; batches go to POST /v1/batch'), ...taken.answers],
      takes: [''],
    },
    unlike: [
      {
        homes: ['workerd'],
        comes: { answers: [told(404, 'there is nothing here; batches go to POST /v1/batch'), 'closed'], takes: [] },
        why: 'it closes a connection on which a body stands unread',
      },
    ],
  },
  {
    name: 'Expect: 100-continue',
    sends: (id) => request({ headers: ['Expect: 100-continue'], body: one(id) }),
    comes: taken,
  },
  {
    name: 'Expect: 100-continue, and a length over the limit',
    sends: () => request({ headers: ['Expect: 100-continue'], framing: ['Content-Length: 50000000'] }),
    comes: TOO_LARGE,
  },
  {
    name: 'Expect: something else',
    sends: (id) => request({ headers: ['Expect: 200-maybe'], body: one(id) }),
    comes: answered(417),
    unlike: takenBy(['workerd'], 'it passes Expect over'),
  },
]

export const framingRows: Row[] = [...lengths, ...chunks, ...smuggling, ...leaving, ...connections]
