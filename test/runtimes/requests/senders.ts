import { KEY, one, request } from './build.ts'
import { problem, refused, taken, type Outcome, type Row } from './row.ts'

/** Who sends: the origin of a page, the key of a server; and the type of what is sent. */

const from = (source: string, headers: string[], comes: Outcome): Row => ({
  name: `source=${source} with ${headers.join(' and ').replaceAll(KEY, 'the key') || 'no header'}`,
  sends: (id) => request({ target: `/v1/batch?source=${source}`, headers, body: one(id) }),
  comes,
})

const SHOP = 'https://shop.example'
const noOrigin = (shown: string) => problem(403, `origin: ${shown} is not among the origins of this source`)

const origins: Row[] = [
  from('shop', [`Origin: ${SHOP}`], taken),
  from('shop', [`ORIGIN:   ${SHOP}  `], taken),
  from('shop', ['Origin: https://a.shop.example'], taken),
  from('shop', [], noOrigin('none')),
  from('shop', ['Origin:'], noOrigin('none')),
  from('shop', ['Origin: https://兔.example'], noOrigin('none')),
  from('shop', [`Origin: ${SHOP}`, `Origin: ${SHOP}`], noOrigin(`${SHOP}, ${SHOP}`)),
  ...['null', `${SHOP}/path`, 'HTTPS://SHOP.EXAMPLE', 'https://.shop.example', `${SHOP}:443`, `x ${SHOP}`].map(
    (value) => from('shop', [`Origin: ${value}`], noOrigin(value)),
  ),
  from('shop', [`Origin: ${SHOP}\0`], refused),
  from('all', ['Origin: no origin at all'], taken),
  from('all', ['Origin: null', 'Origin: null'], taken),
]

const RIGHT = `Authorization: Bearer ${KEY}`
const NO_KEY = problem(401, 'authorization: must be "Bearer <the key of this source>"')

const keys: Row[] = [
  from('server', [RIGHT], taken),
  from('server', [`Authorization:   Bearer ${KEY}  `], taken),
  from('server', [], NO_KEY),
  from('server', ['Authorization:'], NO_KEY),
  from('server', [`Authorization: ${KEY}`], NO_KEY),
  from('server', [`Authorization: bearer ${KEY}`], NO_KEY),
  from('server', [`Authorization: Bearer  ${KEY}`], NO_KEY),
  from('server', [`Authorization: Bearer ${KEY}x`], NO_KEY),
  from('server', ['Authorization: Bearer 兔'], NO_KEY),
  from('server', [`Authorization: Basic ${Buffer.from(`x:${KEY}`).toString('base64')}`], NO_KEY),
  from('server', [RIGHT, 'Authorization: Bearer x'], NO_KEY),
  from('server', ['Authorization: Bearer x', RIGHT], NO_KEY),
]

const OTHER_TYPE = problem(415, 'content-type: send JSON as text/plain;charset=UTF-8 or application/json')
const OTHER_CHARSET = problem(415, 'content-type: the charset must be UTF-8')
const type = (value: string, comes: Outcome): Row => from('all', [`Content-Type: ${value}`], comes)

const types: Row[] = [
  from('all', [], taken),
  ...['', 'text/plain', 'TEXT/PLAIN;CHARSET=UTF-8', 'Text/Plain; Charset="utf-8"', 'text/plain; charset = utf-8 '].map(
    (value) => type(value, taken),
  ),
  ...['application/json', 'application/json; charset=utf8', 'text/plain;;'].map((value) => type(value, taken)),
  ...[
    'text/plain;charset=gbk',
    'text/plain; charset="gbk"',
    "text/plain;charset='utf-8'",
    'application/json;charset=',
  ].map((value) => type(value, OTHER_CHARSET)),
  ...['multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', 'text', ';', '兔', 'text/html'].map(
    (value) => type(value, OTHER_TYPE),
  ),
  from('all', ['Content-Type: text/plain', 'Content-Type: application/json'], OTHER_TYPE),
]

export const senderRows: Row[] = [...origins, ...keys, ...types]
