import { createSandbox, type Fault } from '@warren/rabbitpre/sandbox'
import { beforeEach, describe, expect, it } from 'vitest'
import { tokenHolder, type TokenHolderOptions } from './token-holder.ts'

const APPID = 'app-1'
const SECRET = 'hush-5b1e0c77d2'

let stored: Map<string, Uint8Array>
let warnings: string[]
let sandbox: ReturnType<typeof createSandbox>
beforeEach(() => {
  stored = new Map()
  warnings = []
  sandbox = createSandbox({ app: { appid: APPID, secret: SECRET } })
})

const open = (options: Partial<TokenHolderOptions> = {}) =>
  tokenHolder({
    appid: APPID,
    secret: SECRET,
    baseUrl: 'http://platform.test',
    storage: {
      get: (key) => Promise.resolve(stored.get(key)),
      put: async (key, bytes) => void stored.set(key, bytes),
    },
    warn: (words) => warnings.push(words),
    fetch: async (input, init) => sandbox.request((input as URL).href, init),
    ...options,
  })

async function grantOf(asked: ReturnType<ReturnType<typeof open>['current']>) {
  const answer = await asked
  if (answer.kind !== 'granted') throw new Error(answer.words)
  return answer
}
const tokenCalls = async () =>
  ((await (await sandbox.request('/_sandbox/tokens')).json()) as { calls: unknown[] }).calls.length
const script = (fault: Fault) =>
  sandbox.request('/_sandbox/faults', { method: 'POST', body: JSON.stringify({ faults: [fault] }) })

it('fetches a token, and the next holder goes on with it', async () => {
  const first = await grantOf(open().current())
  expect(await grantOf(open().current())).toMatchObject({ token: first.token, generation: first.generation })
  expect(await tokenCalls()).toBe(1)
})

it('answers in values that can be cloned to another isolate', async () => {
  const holder = open()
  const granted = await grantOf(holder.current())
  expect(structuredClone(granted)).toEqual(granted)
  expect(Object.keys(granted).toSorted()).toEqual(['freshMs', 'generation', 'kind', 'token'])
  await script({ kind: 'status', status: 503, on: 'token', retryAfter: '7' })
  const trouble = await open({ secret: 'another' }).current()
  expect(structuredClone(trouble)).toEqual(trouble)
  expect(trouble).toEqual({ kind: 'unavailable', isInDoubt: false, words: 'no token: HTTP 503', retryAfterMs: 7000 })
})

it('replaces a refused token, and its numbers go on in the next life', async () => {
  const first = await grantOf(open().current())
  const second = await grantOf(open().refused(first.generation))
  expect(second.generation).toBeGreaterThan(first.generation)
  expect(second.token).not.toBe(first.token)
  expect(await grantOf(open().current())).toMatchObject({ token: second.token, generation: second.generation })
  expect(await tokenCalls()).toBe(2)
})

it('goes by the path and the clock that it is given', async () => {
  sandbox = createSandbox({ app: { appid: APPID, secret: SECRET }, tokenPath: '/other' })
  const options = { tokenPath: '/other', now: () => 1000 }
  const { generation } = await grantOf(open(options).current())
  expect(generation).toBe(1000)
  await grantOf(open({ ...options, now: () => 7_200_999 }).current())
  expect(await tokenCalls()).toBe(1)
  await grantOf(open({ ...options, now: () => 7_201_000 }).current())
  expect(await tokenCalls()).toBe(2)
})

describe('what is stored', () => {
  it('shows neither the token nor the secret', async () => {
    const { token } = await grantOf(open().current())
    expect([...stored.keys()]).toEqual(['token'])
    const text = Buffer.from(stored.get('token') ?? []).toString('latin1')
    for (const secret of [token, SECRET]) expect(text).not.toContain(secret)
  })

  it('is as none to who has another secret, and is said so', async () => {
    await open().current()
    sandbox = createSandbox({ app: { appid: APPID, secret: 'hush-2' } })
    await grantOf(open({ secret: 'hush-2' }).current())
    expect(await tokenCalls()).toBe(1)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/^the kept token cannot be unsealed/)
  })

  it('is missed by nobody where it can be neither read nor written', async () => {
    const down = () => Promise.reject(new Error(`${SECRET} is down`))
    const holder = open({ storage: { get: down, put: down } })
    const { generation } = await grantOf(holder.current())
    expect((await grantOf(holder.current())).generation).toBe(generation)
    expect(warnings).toHaveLength(2)
    expect(warnings.join()).not.toContain(SECRET)
  })
})
