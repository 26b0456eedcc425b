import { describe, expect, it } from 'vitest'
import { listen } from '../support/listen.ts'
import { forwardTo } from '../support/mini/mini-forward.ts'
import type { MiniNetwork } from '../support/mini/mini-request.ts'
import { told } from '../support/mini/told.ts'
import { createMiniHost, type MiniHostOptions } from '../support/mini/wx-double.ts'

const ADDRESS = 'https://c.example/v1/batch?source=s'
const answering: MiniNetwork = () => Promise.resolve({ statusCode: 200, data: { n: 1 } })
const hanging: MiniNetwork = () => Promise.resolve('hang')

function launched(options: MiniHostOptions = {}) {
  const host = createMiniHost({ network: answering, domains: ['c.example'], ...options })
  host.launch()
  return host
}

describe("a double's requests", () => {
  it.each([200, 204, 404, 500])('succeed with status %i', async (statusCode) => {
    const host = launched({
      network: () => Promise.resolve({ statusCode, header: { 'Retry-After': '3' }, data: 'no JSON' }),
    })
    const answer = told()
    host.api.request({ url: ADDRESS, ...answer })
    await host.advance(49)
    expect(answer.results).toEqual([])
    await host.advance(1)
    expect(answer.results).toMatchObject([
      { statusCode, header: { 'Retry-After': '3' }, data: 'no JSON', errMsg: 'request:ok' },
    ])
  })

  it('parse JSON unless it is asked for as text', async () => {
    const host = launched()
    const [asJson, asText] = [told(), told()]
    host.api.request({ url: ADDRESS, ...asJson })
    host.api.request({ url: ADDRESS, dataType: 'text', ...asText })
    await host.advance(50)
    expect(asJson.results).toMatchObject([{ data: { n: 1 } }])
    expect(asText.results).toMatchObject([{ data: '{"n":1}' }])
  })

  it('send a string, an object or bytes as the host does, with a Referer of its own', async () => {
    const host = launched()
    const { api, requests } = host
    const method = 'POST'
    api.request({ url: ADDRESS, method, data: 'text', header: { 'Content-Type': 'text/plain;charset=UTF-8' } })
    api.request({ url: ADDRESS, method, data: { a: 1 } })
    api.request({
      url: ADDRESS,
      method,
      data: { a: '1 2' },
      header: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    api.request({ url: ADDRESS, method, data: new Uint8Array([1, 2]).buffer })
    api.request({ url: ADDRESS, data: { a: 1 } })
    expect(requests.map(({ data }) => data)).toEqual(['text', '{"a":1}', 'a=1%202', new Uint8Array([1, 2]), undefined])
    expect(requests[0]).toMatchObject({
      url: ADDRESS,
      method,
      header: { 'content-type': 'text/plain;charset=UTF-8', referer: expect.stringContaining('servicewechat.com') },
    })
    expect(requests[1]?.header['content-type']).toBe('application/json')
    expect(requests[4]?.url).toBe(`${ADDRESS}&a=1`)
    await host.advance(50)
    expect(requests.map(({ state }) => state)).toEqual([200, 200, 200, 200, 200])
    expect(host.violations).toEqual([])
  })

  it.each(['http://c.example/', 'https://other.example/', 'https://c.example:8443/'])('refuse %s', async (url) => {
    const host = launched()
    const answer = told()
    host.api.request({ url, ...answer })
    await host.advance(1)
    expect(answer.results).toMatchObject([{ errMsg: 'request:fail url not in domain list' }])
    expect(host.requests).toEqual([])
  })

  it.each([
    ['a method in small letters', { method: 'post' as 'POST' }, 'in capitals'],
    ['a number as data', { data: 1 as never }, 'data must be'],
    ['null as data', { data: null as never }, 'data must be'],
    ['a view of bytes as data', { data: new Uint8Array(2) as never }, 'not a view'],
    ['a Referer', { header: { Referer: 'https://a.example' } }, 'Referer'],
    ['a header that is no string', { header: { 'x-n': 1 } }, 'not a string'],
    ['no address', { url: 'c.example' }, 'not an address'],
  ])('tell of %s', (_what, option, words) => {
    const host = launched()
    host.api.request({ url: ADDRESS, ...option })
    expect(host.violations).toHaveLength(1)
    expect(host.violations[0]).toMatch(words)
  })

  it('are ten at once, and the eleventh fails', async () => {
    const host = launched({ network: hanging })
    const answer = told()
    for (let i = 0; i < 11; i++) host.api.request({ url: ADDRESS, ...answer })
    await host.advance(1)
    expect(host.requests).toHaveLength(10)
    expect(answer.results).toMatchObject([{ errMsg: 'request:fail exceed max task count' }])
  })

  it('are ten at once, and the eleventh waits where the client is newer', async () => {
    const host = launched({ requestOverflow: 'queue' })
    const answer = told()
    const tasks = Array.from({ length: 12 }, () => host.api.request({ url: ADDRESS, ...answer }))
    tasks[11]?.abort()
    expect(host.requests).toHaveLength(10)
    await host.advance(100)
    expect(host.requests).toHaveLength(11)
    expect(host.requests[10]?.at).toBe(50)
    expect(answer.results.map(({ errMsg }) => errMsg)).toEqual([
      'request:fail abort',
      ...Array.from({ length: 11 }, () => 'request:ok'),
    ])
  })

  it('fail after 60 s without an answer, or sooner where it is asked for, never later', async () => {
    const host = launched({ network: hanging })
    const [plain, short, long] = [told(), told(), told()]
    host.api.request({ url: ADDRESS, ...plain })
    host.api.request({ url: ADDRESS, timeout: 5_000, ...short })
    host.api.request({ url: ADDRESS, timeout: 600_000, ...long })
    await host.advance(5_000)
    expect(short.results).toMatchObject([{ errMsg: 'request:fail timeout' }])
    await host.advance(54_999)
    expect(plain.results).toEqual([])
    await host.advance(1)
    expect([plain, long].map(({ results }) => results[0]?.['errMsg'])).toEqual(Array(2).fill('request:fail timeout'))
    expect(host.requests.map(({ state }) => state)).toEqual(['timeout', 'timeout', 'timeout'])
  })

  it('fail when they are aborted, once', async () => {
    const host = launched()
    const answer = told()
    const task = host.api.request({ url: ADDRESS, ...answer })
    task.abort()
    task.abort()
    await host.advance(100)
    task.abort()
    await host.advance(100)
    expect(answer.results).toMatchObject([{ errMsg: 'request:fail abort' }])
  })

  it('fail where nobody answers, and where there is no network', async () => {
    const host = launched({ network: () => Promise.resolve('unreachable') })
    const answer = told()
    host.api.request({ url: ADDRESS, ...answer })
    host.setNetworkType('none')
    host.api.request({ url: ADDRESS, ...answer })
    await host.advance(50)
    expect(answer.results).toHaveLength(2)
    for (const { errMsg } of answer.results) expect(errMsg).toMatch(/^request:fail net::/)
  })

  it('under way five seconds after hiding are interrupted, and the app is told when it is shown again', async () => {
    const host = launched({ network: () => Promise.resolve({ statusCode: 200, afterMs: 8_000 }) })
    const answer = told()
    host.api.request({ url: ADDRESS, ...answer })
    host.hide()
    await host.advance(5_000)
    expect(host.requests[0]?.state).toBe('interrupted')
    expect(answer.results).toEqual([])
    await host.advance(60_000)
    host.show()
    await host.advance(0)
    expect(answer.results).toMatchObject([{ errMsg: 'request:fail interrupted' }])
  })

  it('that start in those five seconds may end in them, or not start at all', async () => {
    for (const backgroundRequests of ['until suspended', 'refused'] as const) {
      const host = launched({ backgroundRequests })
      const answer = told()
      host.hide()
      host.api.request({ url: ADDRESS, ...answer })
      await host.advance(1_000)
      const errMsg = backgroundRequests === 'refused' ? 'request:fail interrupted' : 'request:ok'
      expect(answer.results).toMatchObject([{ errMsg }])
      host.show()
      host.api.request({ url: ADDRESS, ...answer })
      await host.advance(1_000)
      expect(answer.results[1]).toMatchObject({ errMsg: 'request:ok' })
    }
  })

  it('of an app that was ended reached the network, and are answered to no one', async () => {
    const host = launched()
    const answer = told()
    host.api.request({ url: ADDRESS, ...answer })
    host.kill()
    await host.advance(1_000)
    expect(host.requests).toHaveLength(1)
    expect(answer.results).toEqual([])
  })

  it('wait for a real server, and take none of its time from the device', async () => {
    const { url, close } = await listen(async (request: Request) => {
      const text = await request.text()
      await new Promise((resolve) => setTimeout(resolve, 30))
      const { pathname, search } = new URL(request.url)
      const [type, referer] = ['content-type', 'referer'].map((name) => request.headers.get(name))
      const body = { url: `${pathname}${search}`, text, type, referer }
      return Response.json(body, { status: 202, headers: { 'retry-after': '7' } })
    })
    try {
      const host = launched({ network: forwardTo(url) })
      const answer = told()
      const data = '{"v":1}'
      host.api.request({ url: ADDRESS, method: 'POST', data, header: { 'content-type': 'text/plain' }, ...answer })
      await host.advance(50)
      expect(answer.results).toMatchObject([
        {
          statusCode: 202,
          header: { 'retry-after': '7' },
          data: {
            url: '/v1/batch?source=s',
            text: data,
            type: 'text/plain',
            referer: expect.stringMatching('servicewechat'),
          },
        },
      ])
    } finally {
      await close()
    }
    const host = launched({ network: forwardTo(url) })
    const answer = told()
    host.api.request({ url: ADDRESS, ...answer })
    await host.advance(50)
    expect(answer.results).toMatchObject([{ errMsg: expect.stringMatching('net::') as string }])
  })
})

describe("Alipay's requests", () => {
  it('tell status and headers, give text, and send forms unless told otherwise', async () => {
    const host = launched({ host: 'alipay' })
    const answer = told()
    host.api.request({ url: ADDRESS, method: 'POST', data: { a: 1 }, ...answer })
    const option = { url: ADDRESS, method: 'POST', data: { a: 1 } } as const
    host.api.request({ ...option, headers: { 'content-type': 'application/json' } } as typeof option)
    await host.advance(50)
    expect(host.violations).toEqual([])
    expect(answer.results).toMatchObject([{ status: 200, headers: {}, data: '{"n":1}' }])
    expect(answer.results[0]).not.toHaveProperty('statusCode')
    expect(host.requests.map(({ data }) => data)).toEqual(['a=1', '{"a":1}'])
    expect(host.requests[0]?.header['content-type']).toBe('application/x-www-form-urlencoded')
    host.api.request({ ...option, header: { 'content-type': 'application/json' } })
    expect(host.violations).toEqual(['request: header means nothing here; it is headers'])
    expect(host.requests[2]?.data).toBe('a=1')
  })

  it('answer by a promise where no callback is given', async () => {
    const host = launched({ host: 'alipay' })
    const answer = host.api.request({ url: ADDRESS }) as unknown as Promise<unknown>
    const results: unknown[] = []
    void answer.then((result) => results.push(result))
    await host.advance(50)
    expect(results).toMatchObject([{ status: 200 }])
    expect(launched().api.request({ url: ADDRESS })).not.toHaveProperty('then')
  })

  it('fail by a number and words, after 30 s', async () => {
    const host = launched({ host: 'alipay', network: hanging })
    const answer = told()
    host.api.request({ url: ADDRESS, ...answer })
    await host.advance(30_000)
    expect(answer.results).toMatchObject([{ error: expect.any(Number) as number, errorMessage: 'timeout' }])
  })
})
