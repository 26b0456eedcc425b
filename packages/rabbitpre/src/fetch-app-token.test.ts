import { afterEach, describe, expect, it } from 'vitest'
import { appTokenFetcher } from './fetch-app-token.ts'
import { startUpstream, type Upstream } from './testing/upstream.ts'

const KEYS = { appid: 'app 1/ä', secret: 'hush+&=%"tok\\~' }
const opened: Upstream[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

async function upstream(handler: Parameters<typeof startUpstream>[0]): Promise<string> {
  const one = await startUpstream(handler)
  opened.push(one)
  return one.baseUrl
}

async function fetchedFrom(status: number, body: string, headers: Record<string, string> = {}) {
  const baseUrl = await upstream((_, response) => response.writeHead(status, headers).end(body))
  return appTokenFetcher({ baseUrl, timeoutMs: 300 })(KEYS, 7)
}

const issued = '{"code":"200","errorCode":"0","msg":"操作成功","data":{"orgAccessToken":"tok-1","expire":7200}}'

describe('every answer', () => {
  it.each([
    ['a token', 200, issued, { kind: 'fetched', token: 'tok-1', lifeMs: 7_200_000 }],
    ['code as a number', 200, issued.replace('"200"', '200'), { kind: 'fetched' }],
    ['no token in it', 200, '{"code":"200"}', { kind: 'unavailable', isInDoubt: false }],
    ['a token of two lines', 200, issued.replace('tok-1', 'tok\\n1'), { kind: 'unavailable' }],
    ['appid or secret wrong', 200, '{"code":"100100"}', { kind: 'unauthorised', isRenewable: false, code: '100100' }],
    ['100200', 200, '{"code":100200}', { kind: 'unauthorised', isRenewable: false, generation: 7 }],
    ['100300', 200, '{"code":"100300"}', { kind: 'unauthorised', isRenewable: false }],
    ['401', 401, '', { kind: 'unauthorised', isRenewable: false, code: 'http_401' }],
    ['403', 403, '<html>', { kind: 'unauthorised', isRenewable: false, code: 'http_403' }],
    ['404', 404, issued, { kind: 'misconfigured', status: 404 }],
    ['503', 503, issued, { kind: 'unavailable', isInDoubt: false, words: 'no token: HTTP 503' }],
    ['429', 429, '', { kind: 'unavailable', isInDoubt: false }],
    ['HTML', 200, '<html>log in</html>', { kind: 'unavailable', isInDoubt: false }],
    ['an unknown code', 200, '{"code":"9","msg":"busy"}', { kind: 'unavailable', words: 'no token: code 9, busy' }],
    ['an endless answer', 200, 'x'.repeat(100_000), { kind: 'unavailable' }],
  ])('%s', async (_, status, body, expected) => {
    expect(await fetchedFrom(status, body)).toMatchObject(expected)
  })

  it('reads Retry-After', async () => {
    expect(await fetchedFrom(503, '', { 'retry-after': '7' })).toMatchObject({ retryAfterMs: 7000 })
  })

  it('no answer, a reset and a closed port are unavailable, and nothing is in doubt', async () => {
    const ask = (baseUrl: string) => appTokenFetcher({ baseUrl, timeoutMs: 100 })(KEYS, 1)
    const gone = await upstream(() => {})
    await opened.pop()?.close()
    for (const baseUrl of [
      await upstream(() => {}),
      await upstream((_, response) => void response.writeHead(200).write('{"code"')),
      await upstream((request) => request.socket.resetAndDestroy()),
      gone,
    ]) {
      expect(await ask(baseUrl)).toMatchObject({ kind: 'unavailable', isInDoubt: false })
    }
  })
})

describe('the secret', () => {
  it('travels escaped, and arrives as it is', async () => {
    let seen = ''
    const baseUrl = await upstream((request, response) => ((seen = request.url ?? ''), response.end(issued)))
    await appTokenFetcher({ baseUrl, tokenPath: '/api/other' })(KEYS, 1)
    const url = new URL(seen, baseUrl)
    expect(url.pathname).toBe('/api/other')
    expect(Object.fromEntries(url.searchParams)).toEqual({ instanceAppid: KEYS.appid, instanceSecrect: KEYS.secret })
  })

  it.each([301, 302, 303, 307, 308])('does not follow a %i to another host', async (status) => {
    let strangers = 0
    const stranger = await upstream((_, response) => (strangers++, response.end(issued)))
    const outcome = await fetchedFrom(status, '', { location: `${stranger}/take` })
    expect(outcome).toMatchObject({ kind: 'misconfigured', status })
    expect(strangers).toBe(0)
    expect(JSON.stringify(outcome)).not.toMatch(/take|instance/)
  })

  it('is in no words, however the platform echoes it', async () => {
    const echo = await upstream((request, response) => {
      const raw = request.url ?? ''
      const given = new URL(raw, 'http://h').searchParams
      const msg = [raw, given.get('instanceSecrect'), encodeURIComponent(KEYS.secret), given.get('instanceAppid')]
      response.end(JSON.stringify({ code: `9${KEYS.secret}`, msg: msg.join(' ') }))
    })
    const told = JSON.stringify(await appTokenFetcher({ baseUrl: echo })(KEYS, 1))
    expect(told).toContain('[secret]')
    expect(told).toContain('[appid]')
    expect(told).not.toMatch(/hush|app.1/)

    const leaky: typeof fetch = (input) => {
      const { href } = input as URL
      return Promise.reject(new TypeError(`fetch of ${href} failed`, { cause: new Error(href) }))
    }
    const failed = await appTokenFetcher({ fetch: leaky })(KEYS, 1)
    expect(failed).toEqual({ kind: 'unavailable', isInDoubt: false, words: 'no token: connection lost (no code)' })
  })
})
