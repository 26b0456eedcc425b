import { afterEach, describe, expect, it } from 'vitest'
import { createRabbitpreClient, type RabbitpreClientOptions } from './client.ts'
import { UNMATCHED } from './map-event.ts'
import { startUpstream, type Upstream } from './testing/upstream.ts'
import { fixedToken } from './token-source.ts'

const SECRET = 'tok-SECRET-0123456789'
const REQUEST = { publicParams: UNMATCHED, data: [{ uuid: 'a', eventKey: 'c_buy' }] }
const opened: Upstream[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

async function upstream(...args: Parameters<typeof startUpstream>): Promise<string> {
  const one = await startUpstream(...args)
  opened.push(one)
  return one.baseUrl
}

const client = (baseUrl: string, options: Partial<RabbitpreClientOptions> = {}) =>
  createRabbitpreClient({ token: fixedToken(SECRET), baseUrl, timeoutMs: 300, ...options })

async function outcomeOf(status: number, body: string, headers: Record<string, string> = {}) {
  const baseUrl = await upstream((_, response) => response.writeHead(status, headers).end(body))
  return client(baseUrl).batchAdd(REQUEST)
}

const ok = '{"code":"200","errorCode":"SUCCESS","msg":"ok"}'

describe('every row of the table of answers', () => {
  it.each([
    ['200, code as a string', 200, ok, { kind: 'delivered' }],
    ['200, code as a number', 200, '{"code":200}', { kind: 'delivered' }],
    ['500', 500, '', { kind: 'unavailable', isInDoubt: true }],
    ['503 that says delivered', 503, ok, { kind: 'unavailable', isInDoubt: true }],
    ['408', 408, '', { kind: 'unavailable' }],
    ['425', 425, '', { kind: 'unavailable' }],
    ['429', 429, '', { kind: 'unavailable' }],
    ['HTML', 200, '<html>log in</html>', { kind: 'unavailable', isInDoubt: true }],
    ['empty', 200, '', { kind: 'unavailable', isInDoubt: true }],
    ['truncated', 200, ok.slice(0, 20), { kind: 'unavailable', isInDoubt: true }],
    ['JSON of somebody else', 200, '{}', { kind: 'unavailable' }],
    ['an endless answer', 200, 'x'.repeat(100_000), { kind: 'unavailable' }],
    ['token refused in a 200', 200, '{"code":"100200"}', { kind: 'unauthorised', isRenewable: true, generation: 1 }],
    ['token refused by number', 200, '{"code":100200}', { kind: 'unauthorised', isRenewable: true }],
    ['401', 401, '', { kind: 'unauthorised', isRenewable: true, code: 'http_401' }],
    ['100100', 200, '{"code":"100100"}', { kind: 'unauthorised', isRenewable: false, code: '100100' }],
    ['100300', 200, '{"code":"100300"}', { kind: 'unauthorised', isRenewable: false }],
    ['403', 403, '<html>', { kind: 'unauthorised', isRenewable: false, code: 'http_403' }],
    ['404', 404, ok, { kind: 'misconfigured', status: 404 }],
    ['413', 413, ok, { kind: 'tooLarge' }],
    [
      'another code',
      200,
      '{"code":"100400","msg":"bad uuid"}',
      { kind: 'refused', code: '100400', words: 'code 100400, bad uuid' },
    ],
    ['another status', 400, 'no', { kind: 'refused', code: 'http_400' }],
    ['another 2xx', 202, ok, { kind: 'refused' }],
  ])('%s', async (_, status, body, expected) => {
    expect(await outcomeOf(status, body)).toMatchObject(expected)
  })

  it('reads Retry-After', async () => {
    expect(await outcomeOf(429, '', { 'retry-after': '7' })).toMatchObject({ retryAfterMs: 7000 })
    expect(await outcomeOf(503, '', { 'retry-after': 'soon' })).not.toHaveProperty('retryAfterMs')
  })

  it('a reset and a time-out are in doubt, a closed port is not', async () => {
    const resetting = await upstream((request) => request.socket.resetAndDestroy())
    expect(await client(resetting).batchAdd(REQUEST)).toMatchObject({ kind: 'unavailable', isInDoubt: true })
    const silent = await upstream(() => {})
    expect(await client(silent).batchAdd(REQUEST)).toMatchObject({ kind: 'unavailable', isInDoubt: true })
    const stalled = await upstream((_, response) => void response.writeHead(200).write('{"code"'))
    expect(await client(stalled).batchAdd(REQUEST)).toMatchObject({ kind: 'unavailable', isInDoubt: true })
    const closed = await upstream(() => {})
    await opened.pop()?.close()
    expect(await client(closed).batchAdd(REQUEST)).toMatchObject({ kind: 'unavailable', isInDoubt: false })
  })
})

describe('the token', () => {
  it.each([301, 302, 303, 307, 308])('does not follow a %i to another host', async (status) => {
    let strangers = 0
    const stranger = await upstream((_, response) => (strangers++, response.end(ok)))
    const outcome = await outcomeOf(status, '', { location: `${stranger}/take?${SECRET}` })
    expect(outcome).toMatchObject({ kind: 'misconfigured', status })
    expect(strangers).toBe(0)
    expect(JSON.stringify(outcome)).not.toContain('take')
  })

  it('is in no outcome, even where the platform or the network echoes it', async () => {
    const echo = await upstream((request, response) =>
      response.end(JSON.stringify({ code: '9', msg: `you sent ${String(request.headers['x-token'])}` })),
    )
    const outcome = await client(echo).batchAdd(REQUEST)
    expect(outcome).toMatchObject({ kind: 'refused', words: 'code 9, you sent [token]' })

    const leaky: typeof fetch = () => {
      const cause = Object.assign(new Error(`https://h/?secret=${SECRET}`), { code: `BAD ${SECRET}` })
      return Promise.reject(new TypeError(`fetch of https://h/?secret=${SECRET} failed`, { cause }))
    }
    const failed = await client('http://127.0.0.1:9', { fetch: leaky }).batchAdd(REQUEST)
    expect(failed).toMatchObject({ kind: 'unavailable', isInDoubt: true })
    expect(JSON.stringify(failed)).not.toContain('SECRET')
  })

  it.each(['', '  ', 'two\nlines', 'tökén'])('%j is refused at once, without its value', (token) => {
    let words = ''
    try {
      fixedToken(token)
    } catch (error) {
      words = String(error)
    }
    expect(words).toMatch(/^Error: the token (is empty|holds)/)
    if (token.trim()) expect(words).not.toContain(token)
  })
})

it('sends what the page asks for', async () => {
  let seen: object | undefined
  let headers: object | undefined
  let body = ''
  const baseUrl = await upstream(
    (request, response) => {
      seen = request
      headers = request.headers
      response.end(ok)
    },
    (chunk) => (body += chunk),
  )
  expect(await client(baseUrl, { batchAddPath: '/api/integrate/event/batchAdd' }).batchAdd(REQUEST)).toEqual({
    kind: 'delivered',
  })
  expect(seen).toMatchObject({ method: 'POST', url: '/api/integrate/event/batchAdd' })
  expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-token': SECRET })
  expect(JSON.parse(body)).toEqual(REQUEST)
})
