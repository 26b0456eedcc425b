import { serve } from '@hono/node-server'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRabbitpreClient, DEFAULT_BATCH_ADD_PATH } from '../client.ts'
import { fixedToken } from '../token-source.ts'
import { createSandbox } from './index.ts'

const precise = { isMatching: true, matchingType: 1, accurateMatchType: 'gzh', accurateMatchValue: 'wxzj983hhg02ujd' }
const example = {
  identityType: 'openid',
  openid: 'wxnoafe-wjowjfoj-fsfs',
  time: 1605490615673,
  uuid: 'asd123',
  eventKey: 'c_buy',
  intid: 'jjsfia-fjfoha99-ljflw0h-90dsj',
  eventargs: { c_goods: '创维洗衣机', c_price: 1420.0, unionid: 'd3f4g2ferg3t2ff2g4g2f21f2', title: '下单' },
}

let app: ReturnType<typeof createSandbox>
beforeEach(() => void (app = createSandbox({ token: 'right' })))

async function call(body: unknown, token = 'right') {
  const response = await app.request(DEFAULT_BATCH_ADD_PATH, {
    method: 'POST',
    headers: { 'x-token': token, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, headers: response.headers, body: await response.text() }
}
const json = async (path: string) => (await app.request(path)).json()
const script = (...faults: unknown[]) =>
  app.request('/_sandbox/faults', { method: 'POST', body: JSON.stringify({ faults }) })
const bare = (uuid: string, eventKey = 'c_x') => ({ publicParams: { isMatching: false }, data: [{ uuid, eventKey }] })

describe('the contract', () => {
  it("takes the page's own example and shows it", async () => {
    const answer = await call({ publicParams: precise, data: [example] })
    expect(JSON.parse(answer.body)).toEqual({ code: '200', errorCode: 'SUCCESS', msg: 'ok' })
    expect(await json('/_sandbox/events')).toEqual({
      events: [{ uuid: 'asd123', count: 1, event: example, publicParams: precise }],
      total: 1,
      repeats: 0,
    })
  })

  const event = { ...example }
  it.each([
    ['a wrong token', '100200', 'token', bare('a'), 'wrong'],
    ['no JSON', '100400', 'not JSON', '{"publicParams"', 'right'],
    [
      '501 events',
      '100400',
      'data: at most 500',
      { ...bare('a'), data: Array.from({ length: 501 }, (_, i) => ({ uuid: `${i}` })) },
      'right',
    ],
    ['no publicParams', '100400', 'publicParams: Invalid input: expected object', { data: [event] }, 'right'],
    ['an unknown field', '100400', 'eventArgs', { ...bare('a'), data: [{ eventArgs: {} }] }, 'right'],
    ['a uuid of 37', '100400', 'data.0.uuid', { ...bare('a'), data: [{ uuid: 'u'.repeat(37) }] }, 'right'],
    ['a time in text', '100400', 'data.0.time', { ...bare('a'), data: [{ time: '1605490615673' }] }, 'right'],
    [
      'a fuzzy match without identifyWay',
      '100400',
      'publicParams.identifyWay',
      { publicParams: { isMatching: true, matchingType: 2 }, data: [event] },
      'right',
    ],
    [
      'a precise match without its app',
      '100400',
      'publicParams.accurateMatchValue',
      { publicParams: { ...precise, accurateMatchValue: undefined }, data: [event] },
      'right',
    ],
    [
      'a precise match without its type',
      '100400',
      'publicParams.accurateMatchType',
      { publicParams: { ...precise, accurateMatchType: undefined }, data: [event] },
      'right',
    ],
    [
      'matching without a kind',
      '100400',
      'publicParams.matchingType',
      { publicParams: { isMatching: true }, data: [event] },
      'right',
    ],
    [
      'a precise match without identityType',
      '100400',
      'data.0.identityType',
      { publicParams: precise, data: [{ openid: 'o' }] },
      'right',
    ],
    [
      'a precise match without that identity',
      '100400',
      'data.0.thirdId',
      { publicParams: precise, data: [{ identityType: 'uid', openid: 'o' }] },
      'right',
    ],
    [
      'a fuzzy match without any identity',
      '100400',
      'data.0.openid',
      { publicParams: { isMatching: true, matchingType: 2, identifyWay: 1 }, data: [{ uuid: 'a' }] },
      'right',
    ],
  ])('refuses %s and keeps nothing', async (_, code, words, body, token) => {
    const answer = JSON.parse((await call(body, token)).body) as { code: string; msg: string }
    expect(answer.code).toBe(code)
    expect(answer.msg).toContain(words)
    expect((await json('/_sandbox/events')).total).toBe(0)
  })

  it('counts repeats by uuid, and keeps each call’s publicParams', async () => {
    await call(bare('a'))
    await call(bare('a'))
    await call({ publicParams: precise, data: [example] })
    expect(await json('/_sandbox/events')).toMatchObject({ total: 2, repeats: 1, events: [{ count: 2 }, { count: 1 }] })
    const { calls } = await json('/_sandbox/calls')
    expect(calls.map((c: any) => [c.events, c.publicParams.isMatching, c.answer])).toEqual([
      [1, false, '200'],
      [1, false, '200'],
      [1, true, '200'],
    ])
  })

  it('can demand preset parameters', async () => {
    app = createSandbox({ token: 'right', requireArgs: ['title'] })
    expect((await call(bare('a'))).body).toContain('data.0.eventargs.title')
    expect((await call({ publicParams: precise, data: [example] })).body).toContain('"200"')
  })
})

describe('faults', () => {
  it('are played in order, each for its calls', async () => {
    await script(
      { kind: 'status', status: 503, times: 2 },
      { kind: 'status', status: 429, retryAfter: '3', store: true },
    )
    expect((await call(bare('a'))).status).toBe(503)
    expect((await call(bare('a'))).status).toBe(503)
    const limited = await call(bare('b'))
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '3'])
    expect((await call(bare('c'))).status).toBe(200)
    const { events } = await json('/_sandbox/events')
    expect(events.map((e: any) => e.uuid)).toEqual(['b', 'c'])
  })

  it('refuse a call that holds a matching event, until cleared', async () => {
    await script({ kind: 'refuse', match: { eventKey: 'c_bad' }, code: '100500', msg: 'no such key' })
    const mixed = {
      ...bare('a'),
      data: [
        { uuid: 'a', eventKey: 'c_x' },
        { uuid: 'b', eventKey: 'c_bad' },
      ],
    }
    expect(JSON.parse((await call(mixed)).body)).toMatchObject({ code: '100500', msg: 'no such key' })
    expect((await call(bare('c'))).body).toContain('"200"')
    expect((await call(mixed)).body).toContain('100500')
    await app.request('/_sandbox/faults', { method: 'DELETE' })
    expect((await call(mixed)).body).toContain('"200"')
  })

  it('slow: keeps before or after the wait, and a refusal keeps nothing', async () => {
    await script({ kind: 'slow', ms: 50 }, { kind: 'slow', ms: 400, store: 'after' }, { kind: 'slow', ms: 1 })
    const first = call(bare('a'))
    await expect.poll(async () => (await json('/_sandbox/events')).total).toBe(1)
    await first
    const second = call(bare('b'))
    await expect.poll(async () => (await json('/_sandbox/calls')).calls.length, { interval: 5 }).toBe(2)
    expect((await json('/_sandbox/events')).total).toBe(1)
    expect((await second).body).toContain('"200"')
    expect((await json('/_sandbox/events')).total).toBe(2)
    expect((await call(bare('c'), 'wrong')).body).toContain('100200')
    expect(await json('/_sandbox/events')).toMatchObject({ total: 2, repeats: 0 })
  })

  it.each([204, 304])('a %i goes out without its body, as HTTP wants it', async (status) => {
    await script({ kind: 'status', status, body: 'text' })
    expect(await call(bare('a'))).toMatchObject({ status, body: '' })
  })

  it('a fault that is not understood is refused with its path', async () => {
    const response = await script({ kind: 'status', status: 'five' })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('faults.0.status: Invalid input: expected number, received string')
  })

  describe('on a socket', () => {
    let server: ReturnType<typeof serve>
    let baseUrl: string
    beforeEach(async () => {
      await new Promise<void>((resolve) => {
        server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
          baseUrl = `http://127.0.0.1:${port}`
          resolve()
        })
      })
    })
    afterEach(() => void server.close())
    const client = () => createRabbitpreClient({ token: fixedToken('right'), baseUrl })

    it('reset, before and after keeping; redirect', async () => {
      await script(
        { kind: 'reset' },
        { kind: 'reset', store: true },
        { kind: 'redirect', location: 'http://127.0.0.1:9/' },
      )
      expect(await client().batchAdd(bare('a') as never)).toMatchObject({ kind: 'unavailable', isInDoubt: true })
      expect((await json('/_sandbox/events')).total).toBe(0)
      expect(await client().batchAdd(bare('a') as never)).toMatchObject({ kind: 'unavailable', isInDoubt: true })
      expect((await json('/_sandbox/events')).total).toBe(1)
      expect(await client().batchAdd(bare('b') as never)).toMatchObject({ kind: 'misconfigured', status: 302 })
      expect(await client().batchAdd(bare('b') as never)).toEqual({ kind: 'delivered' })
    })
  })
})
