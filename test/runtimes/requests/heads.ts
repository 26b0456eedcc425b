import { one, request } from './build.ts'
import {
  answered,
  problem,
  refused,
  refusedBy,
  taken,
  takenBy,
  told,
  type Outcome,
  type Row,
  type Unlike,
} from './row.ts'

/** Methods, versions, and the head's lines as a whole. */

const only = (method: string, unlike?: Unlike[]): Row => ({
  name: `${method} /v1/batch`,
  sends: () => request({ method, headers: [] }),
  comes: problem(405, 'batches are sent by POST', { allow: 'POST, OPTIONS' }),
  ...(unlike ? { unlike } : {}),
})

const methods: Row[] = [
  ...['GET', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'QUERY', 'PROPFIND'].map((method) => only(method)),
  {
    name: 'HEAD /v1/batch',
    method: 'HEAD',
    sends: () => request({ method: 'HEAD', headers: [] }),
    comes: answered(405, { headers: { allow: 'POST, OPTIONS', 'access-control-allow-origin': '*' } }),
  },
  ...['PUT', 'GET'].map((method): Row => ({
    name: `${method} /v1/batch with a batch`,
    sends: (id) => request({ method, body: one(id) }),
    comes: problem(405, 'batches are sent by POST', { allow: 'POST, OPTIONS' }),
  })),
  // Methods are told from each other by case (RFC 9110, 9.1), and none of the servers knows these.
  ...['post', 'Post', 'BREW'].map((method): Row => ({
    name: `${method} /v1/batch`,
    sends: (id) => request({ method, body: one(id) }),
    comes: refused,
  })),
  { name: 'CONNECT', sends: () => request({ method: 'CONNECT', target: 'x:443', headers: [] }), comes: refused },
]

const preflight = (name: string, headers: string[], expected: Record<string, string | undefined>): Row => ({
  name: `a preflight ${name}`,
  sends: () => request({ method: 'OPTIONS', headers }),
  comes: answered(204, { headers: { 'access-control-allow-origin': '*', ...expected } }),
})
const ASKS = ['Origin: https://a.example', 'Access-Control-Request-Method: POST']

const preflights: Row[] = [
  preflight('that asks for the headers of other scripts', [...ASKS, 'Access-Control-Request-Headers: baggage,x-foo'], {
    'access-control-allow-headers': 'baggage,x-foo',
    'access-control-allow-methods': 'GET,POST',
    'access-control-max-age': '86400',
    'access-control-allow-credentials': undefined,
  }),
  preflight('that asks for nothing', [], { 'access-control-allow-methods': 'GET,POST' }),
  preflight('of no origin', ['Origin: null', 'Access-Control-Request-Method: POST'], {
    'access-control-allow-methods': 'GET,POST',
  }),
  preflight('for a private network', [...ASKS, 'Access-Control-Request-Private-Network: true'], {}),
  preflight('with odd lists', ['Origin: a b', 'Access-Control-Request-Headers: x y,, *'], {}),
  {
    name: 'a preflight for another path',
    sends: () => request({ method: 'OPTIONS', target: '/nowhere', headers: ASKS }),
    comes: answered(204, { headers: { 'access-control-allow-origin': '*' } }),
  },
  { name: 'OPTIONS *', sends: () => request({ method: 'OPTIONS', target: '*', headers: [] }), comes: refused },
]

const versions: Row[] = [
  {
    name: 'HTTP/1.0 without a host',
    sends: (id) => request({ version: 'HTTP/1.0', host: [], body: one(id) }),
    comes: taken,
    unlike: refusedBy(['workerd'], 'its requests have an address, and that has a host'),
  },
  { name: 'HTTP/1.0', sends: (id) => request({ version: 'HTTP/1.0', body: one(id) }), comes: taken },
  {
    name: 'HTTP/1.0 with keep-alive',
    sends: (id) => request({ version: 'HTTP/1.0', headers: ['Connection: keep-alive'], body: one(id) }),
    comes: taken,
  },
  {
    name: 'HTTP/1.2',
    sends: (id) => request({ version: 'HTTP/1.2', body: one(id) }),
    comes: refused,
    unlike: takenBy(['workerd'], 'it looks at no version'),
  },
  {
    name: 'HTTP/2.0 in the first line',
    sends: (id) => request({ version: 'HTTP/2.0', body: one(id) }),
    comes: taken,
    unlike: refusedBy(['bun'], 'it knows 1.0 and 1.1'),
  },
  { name: 'HTTP/2 from its preface on', sends: () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', comes: refused },
  { name: 'TLS', sends: () => Buffer.from('16030100c8010000c403030d0a0d0a', 'hex'), comes: refused },
  { name: 'nonsense', sends: () => 'nonsense\r\n\r\n', comes: refused },
]

const withHeaders = (name: string, headers: string[], comes: Outcome, unlike?: Unlike[]): Row => ({
  name,
  sends: (id) => request({ headers, body: one(id) }),
  comes,
  ...(unlike ? { unlike } : {}),
})

const KIB = 1024
const LARGER = 'it takes heads of up to 128 KiB'
const headers: Row[] = [
  withHeaders('a header of 15 KiB', [`X-Long: ${'a'.repeat(15 * KIB)}`], taken),
  withHeaders('a header of 64 KiB', [`X-Long: ${'a'.repeat(64 * KIB)}`], refused, takenBy(['workerd'], LARGER)),
  withHeaders('a header of 256 KiB', [`X-Long: ${'a'.repeat(256 * KIB)}`], refused),
  withHeaders('90 headers', lines(90), taken),
  withHeaders('200 headers', lines(200), taken, refusedBy(['bun'], 'it takes 198 lines')),
  withHeaders('2000 headers', lines(2000), taken, refusedBy(['node', 'bun'], 'Node takes 1000 lines')),
  withHeaders('a header folded over two lines', ['X-Fold: a\r\n b'], refused, takenBy(['workerd'], 'it unfolds')),
  withHeaders('a space before a colon', ['X-Sp : a'], refused, takenBy(['workerd'], 'it passes the space over')),
  withHeaders('a line without a colon', ['X-Nope'], refused),
  withHeaders('a header without a name', [': a'], refused),
  withHeaders('a name with brackets', ['X(N): a'], refused),
  withHeaders('a NUL in a header', ['X-N: a\0b'], refused),
  withHeaders('a CR in a header', ['X-N: a\rb'], refused),
  {
    name: 'a header in Latin-1',
    sends: (id) => Buffer.from(request({ headers: ['X-N: \xE9\xFF'], body: one(id) }).toString(), 'latin1'),
    comes: taken,
  },
  withHeaders('a request to become HTTP/2', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c'], taken),
  withHeaders(
    'a request to become a WebSocket',
    ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: AAAA', 'Sec-WebSocket-Version: 13'],
    taken,
    [
      {
        homes: ['workerd'],
        comes: { answers: [told(405, 'batches are sent by POST')], takes: [] },
        why: 'it makes a GET of it, whatever the method was',
      },
    ],
  ),
  {
    name: 'lines that end in LF alone',
    sends: (id) =>
      request({ body: one(id) })
        .toString()
        .replaceAll('\r\n', '\n'),
    comes: refused,
    unlike: takenBy(['workerd'], 'RFC 9112, 2.2 allows it'),
  },
  {
    name: 'empty lines before the first one',
    sends: (id) => `\r\n\r\n${request({ body: one(id) }).toString()}`,
    comes: taken,
    unlike: refusedBy(['workerd'], 'it looks for the method there'),
  },
]

function lines(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `X-${i}: 1`)
}

export const headRows: Row[] = [...methods, ...preflights, ...versions, ...headers]
