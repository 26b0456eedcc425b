import { ADMIN_TOKEN, one, request } from './build.ts'
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

/** Hosts, targets, and what stands at other paths. */

const WHY_NO_URL = 'its requests have an address, and this is none'

const host = (lines: string[], comes: Outcome, unlike?: Unlike[]): Row => ({
  name: lines.length === 0 ? 'no Host' : lines.join(' and '),
  sends: (id) => request({ host: lines, body: one(id) }),
  comes,
  ...(unlike ? { unlike } : {}),
})

const hosts: Row[] = [
  host([], refused),
  // Nothing of ours reads the host: where a server lets it pass, the batch is as good as any.
  host(['Host:'], taken, refusedBy(['workerd'], WHY_NO_URL)),
  host(['Host: x', 'Host: y'], taken, refusedBy(['workerd'], WHY_NO_URL)),
  host(['Host: x', 'Host: x'], taken, refusedBy(['workerd'], WHY_NO_URL)),
  host(['Host: a,b'], taken, refusedBy(['workerd'], WHY_NO_URL)),
  host(['Host: 1.2.3.4.5'], taken, refusedBy(['workerd'], WHY_NO_URL)),
  host(['Host: x:'], refused, takenBy(['workerd'], 'the URL standard allows it')),
  host(['Host : x'], refused, takenBy(['workerd'], 'it passes the space over')),
  ...['h:8080', 'h:0', '[::1]', '[::1]:80', 'a_b', 'UPPER.Example', '0x7f.1', 'a'.repeat(300)].map((value) => ({
    ...host([`Host: ${value}`], taken),
    name: `Host: ${value.slice(0, 20)}`,
  })),
  ...['a b', 'a/b?c', 'foo|bar', 'x:65536', 'x:1:2', '[::1', '兔', 'a@b', '%61', 'a#b', 'a\\b', 'x:abc'].map((value) =>
    host([`Host: ${value}`], refused),
  ),
]

const NOT_HERE = problem(404, 'there is nothing here; batches go to POST /v1/batch')
const NO_SOURCE = problem(401, 'source: is missing from the query')
const UNKNOWN = problem(401, 'source: no such source here')

const target = (path: string, comes: Outcome, unlike?: Unlike[], name = path): Row => ({
  name: `POST ${name}`,
  sends: (id) => request({ target: path, body: one(id) }),
  comes,
  ...(unlike ? { unlike } : {}),
})

const long = (bytes: number) => `/v1/batch?source=all&a=${'a'.repeat(bytes)}`

const targets: Row[] = [
  ...['//v1/batch', '/v1/batch/', '/v1%2fbatch', '/V1/BATCH', '/v1/batch;a=b', '/v1/batch%20', '/v1/batch%00'].map(
    (path) => target(`${path}?source=all`, NOT_HERE),
  ),
  ...['/v1//batch?source=all', '/v1/b{a}tch?source=all', '/%', '/%ff', '/', '/healthz', '/metrics'].map((path) =>
    target(path, NOT_HERE),
  ),
  // As the URL standard reads them.
  ...['/%761/batch', '/v1/./batch', '/v1/x/../batch', '/../v1/batch'].map((path) =>
    target(`${path}?source=all`, taken),
  ),
  ...[
    '?source=%61ll',
    '?%73ource=all',
    '?source=all#x',
    '?source=all&source=nope',
    '?source=all&d=%ZZ',
    '?a=<>"&source=all',
    "?a=`{}^|[]'\\&source=all",
    '?&&&source=all',
  ].map((query) => target(`/v1/batch${query}`, taken)),
  ...['', '?', '?source', '?source=', '?SOURCE=all', '??source=all', '#x?source=all'].map((query) =>
    target(`/v1/batch${query}`, NO_SOURCE),
  ),
  ...['nope', 'nope&source=all', 'ALL', 'a+ll', 'all%20', 'all;gz=1', '%ZZ', '%F0%9F', '__proto__', 'constructor'].map(
    (source) => target(`/v1/batch?source=${source}`, UNKNOWN),
  ),
  target(long(8 * 1024), taken, undefined, 'a query of 8 KiB'),
  target(long(64 * 1024), refused, takenBy(['workerd'], 'it takes heads of up to 128 KiB'), 'a query of 64 KiB'),
  target(long(256 * 1024), refused, undefined, 'a query of 256 KiB'),
  ...[
    'http://elsewhere.example/v1/batch?source=all',
    'https://elsewhere.example/v1/batch?source=all',
    'http://u:p@h/v1/batch?source=all',
  ].map((url) => target(url, taken, refusedBy(['workerd'], 'it takes a target for a path, whatever it is'))),
  ...['http://[bad/v1/batch?source=all', 'ftp://h/v1/batch?source=all', '*', 'v1/batch?source=all', ''].map((path) =>
    target(path, refused),
  ),
  target('/v1\\batch?source=all', refused, takenBy(['workerd'], 'the URL standard makes slashes of them')),
  target('/v1/batch?a=é&source=all', refused, takenBy(['workerd'], 'it takes bytes that are no ASCII')),
  target('/v1/batch?source=all x', refused, takenBy(['workerd'], 'it takes spaces in a target')),
]

const get = (path: string, comes: Outcome, { method = 'GET', headers = [] as string[] } = {}): Row => ({
  name: [method, path, ...headers].join(' '),
  ...(method === 'HEAD' ? { method } : {}),
  sends: () => request({ method, target: path, headers }),
  comes,
})

/** For its own origin alone, and no cache. */
const noToken = (challenge: string): Outcome =>
  problem(401, 'authorization: must be "Bearer <the admin token>"', {
    'access-control-allow-origin': undefined,
    'cache-control': 'no-store',
    'www-authenticate': challenge,
  })
const NO_TOKEN = noToken('Bearer realm=""')
const BAD_TOKEN = noToken('Bearer error="invalid_token"')
const BAD_HEADER = noToken('Bearer error="invalid_request"')
const bearer = (token: string) => ({ headers: [`Authorization: Bearer ${token}`] })

const others: Row[] = [
  get('/healthz', answered(200, { body: { status: 'alive' }, headers: { 'access-control-allow-origin': '*' } })),
  get('/healthz', answered(200), { method: 'HEAD' }),
  get('/readyz', answered(200), { method: 'HEAD' }),
  get('/nowhere', NOT_HERE),
  get('/nowhere', answered(404), { method: 'HEAD' }),
  get('/healthz', NOT_HERE, { method: 'DELETE' }),
  get('/v1/warren.js', answered(200, { headers: { 'content-type': 'text/javascript; charset=utf-8' } }), {
    method: 'HEAD',
  }),
  get('/v1/warren.nope.js', { answers: [{ ...told(404, ''), body: { status: 404 } }], takes: [] }),
  ...['/admin', '/admin/', '/admin/dead', '/admin/nowhere'].map((path) => get(path, NO_TOKEN)),
  get('/admin/dead', answered(401), { method: 'HEAD' }),
  get('/admin/dead', NO_TOKEN, { method: 'OPTIONS', headers: ['Origin: https://a.example'] }),
  get('/admin/dead', BAD_TOKEN, bearer('wrong')),
  get('/admin/dead', BAD_HEADER, { headers: ['Authorization: Basic eDp5'] }),
  get('/admin/dead', answered(200, { body: { letters: [] } }), bearer(ADMIN_TOKEN)),
  get('/admin/dead', answered(200, { body: { letters: [] } }), { headers: [`authorization: bearer ${ADMIN_TOKEN}`] }),
  get(
    '/admin/nowhere',
    problem(404, 'there is nothing here; dead letters are at GET /admin/dead', {
      'access-control-allow-origin': undefined,
    }),
    bearer(ADMIN_TOKEN),
  ),
  {
    name: 'POST /admin/dead/replay of half a JSON',
    sends: () =>
      request({ target: '/admin/dead/replay', headers: [`Authorization: Bearer ${ADMIN_TOKEN}`], body: '{' }),
    comes: problem(400, 'the body is not JSON', { 'access-control-allow-origin': undefined }),
  },
]

export const addressRows: Row[] = [...hosts, ...targets, ...others]
