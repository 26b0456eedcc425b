import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appToken } from '../app-token.ts'
import { createRabbitpreClient, DEFAULT_BATCH_ADD_PATH } from '../client.ts'
import { DEFAULT_TOKEN_PATH } from '../fetch-app-token.ts'
import { fixedSecret } from '../secret-value.ts'
import { serveSandbox, type ServedSandbox } from '../testing/served-sandbox.ts'
import type { Fault } from './faults.ts'

const APP = { appid: 'app-1', secret: 'hush-1', tokenLifeMs: 600_000 }
const REQUEST = { publicParams: { isMatching: false }, data: [{ uuid: 'a', eventKey: 'c_x' }] }

let sandbox: ServedSandbox
beforeEach(async () => void (sandbox = await serveSandbox({ token: 'fixed', app: APP })))
afterEach(() => sandbox.close())

interface Answer {
  code: string
  errorCode: string
  msg: string
  data?: { orgAccessToken: string; orgRefreshToken: string; expire: number }
}

async function ask(appid = APP.appid, secret = APP.secret): Promise<Answer> {
  const query = new URLSearchParams({ instanceAppid: appid, instanceSecrect: secret })
  return (await fetch(`${sandbox.baseUrl}${DEFAULT_TOKEN_PATH}?${query}`)).json() as Promise<Answer>
}

async function codeWith(token: string | undefined): Promise<string> {
  const response = await fetch(sandbox.baseUrl + DEFAULT_BATCH_ADD_PATH, {
    method: 'POST',
    headers: { 'x-token': token ?? '' },
    body: JSON.stringify(REQUEST),
  })
  return ((await response.json()) as Answer).code
}

describe('the token endpoint', () => {
  it('issues a token in the form of the vendor’s page, and lets calls with it through', async () => {
    const { data, ...rest } = await ask()
    expect(rest).toEqual({ code: '200', errorCode: '0', msg: '操作成功' })
    expect(data).toMatchObject({ expire: 600, orgRefreshToken: expect.any(String) })
    expect(await codeWith(data?.orgAccessToken)).toBe('200')
    expect(await codeWith(data?.orgRefreshToken)).toBe('100200')
  })

  it('a new token ends the one before at once; the fixed one stays', async () => {
    const first = (await ask()).data?.orgAccessToken
    const second = (await ask()).data?.orgAccessToken
    expect(first).not.toBe(second)
    expect([await codeWith(first), await codeWith(second), await codeWith('fixed')]).toEqual(['100200', '200', '200'])
  })

  it('a token ends after its life', async () => {
    await sandbox.close()
    sandbox = await serveSandbox({ app: { ...APP, tokenLifeMs: 300 } })
    const token = (await ask()).data?.orgAccessToken
    expect(await codeWith(token)).toBe('200')
    await expect.poll(() => codeWith(token)).toBe('100200')
  })

  it.each([
    ['appid', 'app-2', APP.secret],
    ['secret', APP.appid, 'hush-2'],
  ])('a wrong %s gets 100100, and ends nobody’s token', async (_, appid, secret) => {
    const token = (await ask()).data?.orgAccessToken
    const refusal = await ask(appid, secret)
    expect(refusal.code).toBe('100100')
    expect(refusal).not.toHaveProperty('data')
    expect(await codeWith(token)).toBe('200')
  })

  it('knows no app unless it is given one', async () => {
    await sandbox.close()
    sandbox = await serveSandbox({ token: 'fixed' })
    expect((await ask('', '')).code).toBe('100100')
  })
})

it('shows its calls, how long they took and how many there were at once, and never a token', async () => {
  await sandbox.script({ kind: 'slow', ms: 50, on: 'token', part: 'body', times: 2 })
  const issued = await Promise.all([ask(), ask()])
  await ask('app-2')
  const seen = await sandbox.tokens()
  expect(seen).toMatchObject({
    calls: [
      { answer: 'slow', inFlight: 1 },
      { answer: 'slow', inFlight: 2 },
      { answer: '100100', inFlight: 1 },
    ],
    mostInFlight: 2,
  })
  for (const { ms } of seen.calls) expect(ms).toEqual(expect.any(Number))
  expect(seen.calls[0]?.ms).toBeGreaterThanOrEqual(49)
  for (const { data } of issued) {
    expect(data?.orgAccessToken).toMatch(/^[0-9a-f]{32}$/)
    expect(JSON.stringify(seen)).not.toContain(data?.orgAccessToken)
  }
})

it('a call whose caller went away is in flight no longer', async () => {
  await sandbox.script({ kind: 'hang', on: 'token' })
  const caller = new AbortController()
  const call = fetch(sandbox.baseUrl + DEFAULT_TOKEN_PATH, { signal: caller.signal })
  await expect.poll(async () => (await sandbox.tokens()).calls).toMatchObject([{ answer: 'hang', ms: null }])
  caller.abort()
  await expect(call).rejects.toThrow('aborted')
  await expect.poll(async () => (await sandbox.tokens()).calls[0]?.ms).not.toBe(null)
  await ask()
  expect((await sandbox.tokens()).mostInFlight).toBe(1)
})

describe('our own client', () => {
  const open = () => {
    const token = appToken({
      appid: fixedSecret(APP.appid),
      secret: fixedSecret(APP.secret),
      baseUrl: sandbox.baseUrl,
      timeoutMs: 300,
      warn: () => {},
    })
    return { token, ...createRabbitpreClient({ token, baseUrl: sandbox.baseUrl }) }
  }

  it('is cured within the call of a token that somebody else ended, with one call for all', async () => {
    const { batchAdd } = open()
    expect(await batchAdd(REQUEST)).toEqual({ kind: 'delivered' })
    await ask()
    expect(await Promise.all(Array.from({ length: 8 }, () => batchAdd(REQUEST)))).toEqual(
      Array.from({ length: 8 }, () => ({ kind: 'delivered' })),
    )
    expect(await sandbox.tokens()).toMatchObject({ calls: { length: 3 }, mostInFlight: 1 })
  })

  it.each<[Fault, object]>([
    [
      { kind: 'status', status: 503, retryAfter: '7', on: 'token' },
      { kind: 'unavailable', retryAfterMs: 7000 },
    ],
    [{ kind: 'truncated', on: 'token' }, { kind: 'unavailable' }],
    [{ kind: 'reset', store: true, on: 'token' }, { kind: 'unavailable' }],
    [{ kind: 'hang', on: 'token' }, { kind: 'unavailable' }],
    [{ kind: 'html', on: 'token' }, { kind: 'unavailable' }],
    [
      { kind: 'refuse', code: '100300', on: 'token', times: 1 },
      { kind: 'unauthorised', isRenewable: false },
    ],
    [
      { kind: 'redirect', location: 'http://127.0.0.1:9/', on: 'token' },
      { kind: 'misconfigured', status: 302 },
    ],
  ])('without a token nothing leaves: %j', async (fault, outcome) => {
    await sandbox.script(fault)
    const told = await open().batchAdd(REQUEST)
    expect(told).toMatchObject(outcome)
    if (told.kind === 'unavailable') expect(told.isInDoubt).toBe(false)
    expect(await sandbox.answers()).toEqual([])
    expect((await sandbox.tokens()).calls).toMatchObject([{ answer: fault.kind }])
  })

  it('a token that was issued and lost on its way ends the one before', async () => {
    const token = (await ask()).data?.orgAccessToken
    await sandbox.script({ kind: 'reset', store: true, on: 'token' })
    await open().batchAdd(REQUEST)
    expect(await codeWith(token)).toBe('100200')
  })
})
