import { beforeEach, describe, expect, it } from 'vitest'
import { appToken, type AppTokenOptions } from './app-token.ts'
import type { TokenAnswer } from './token-source.ts'

const LIFE_S = 7200
const LIFE_MS = LIFE_S * 1000

let clock: number
let keys: { appid: string; secret: string }
let warnings: string[]
let changes: number
/** Calls to the platform, each waiting to be answered. */
let asked: { url: URL; answer: (body: unknown, init?: ResponseInit) => void; fail: (error: unknown) => void }[]
beforeEach(() => {
  clock = 1_000_000
  keys = { appid: 'app-1', secret: 'hush-1' }
  warnings = []
  changes = 0
  asked = []
})

const platform: typeof fetch = (input) =>
  new Promise((resolve, reject) => {
    asked.push({
      url: input as URL,
      answer: (body, init) => resolve(new Response(JSON.stringify(body), init)),
      fail: reject,
    })
  })

const open = (options: Partial<AppTokenOptions> = {}) =>
  appToken({
    appid: { read: () => Promise.resolve(keys.appid), look: () => Promise.resolve() },
    secret: { read: () => Promise.resolve(keys.secret), look: () => Promise.resolve() },
    warn: (words) => warnings.push(words),
    onChange: () => void changes++,
    now: () => clock,
    random: () => 0.5,
    fetch: platform,
    ...options,
  })

const granted = (token: string, generation: number) => ({
  kind: 'granted',
  token,
  generation,
  freshMs: expect.any(Number) as number,
})
const issued = (token: string, expire: unknown = LIFE_S) => ({
  code: '200',
  errorCode: '0',
  msg: '操作成功',
  data: { orgAccessToken: token, orgRefreshToken: 'never-used', expire },
})

/** The call that is under way, once the source has come to make it. */
async function call(index: number) {
  await expect.poll(() => asked.length, { interval: 1 }).toBeGreaterThan(index)
  const found = asked[index]
  if (!found) throw new Error('no such call')
  return found
}

/** Lets everything run that waits for nothing from outside. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

async function answered(pending: Promise<TokenAnswer>, index: number, body: unknown, init?: ResponseInit) {
  ;(await call(index)).answer(body, init)
  return pending
}

/** A source that holds `tok-1` and has seen it work. */
async function opened() {
  const source = open()
  expect(await answered(source.current(), 0, issued('tok-1'))).toEqual(granted('tok-1', 1))
  source.accepted(1)
  return source
}

describe('fetching', () => {
  it('asks once for all callers, with both keys in the query', async () => {
    const source = open()
    const callers = [source.current(), source.current(), source.refused(7), source.current()]
    const { url, answer } = await call(0)
    expect(url.origin + url.pathname).toBe('https://integrate.rabbitpre.com/api/open/app/getOrgAccessToken')
    expect([...url.searchParams]).toEqual([
      ['instanceAppid', 'app-1'],
      ['instanceSecrect', 'hush-1'],
    ])
    answer(issued('tok-1'))
    for (const caller of callers) expect(await caller).toEqual(granted('tok-1', 1))
    expect(await source.current()).toEqual(granted('tok-1', 1))
    expect(asked).toHaveLength(1)
  })

  it.each([
    ['as told', LIFE_S, LIFE_MS],
    ['as told in text', '60', 60_000],
    ['0: the page’s own example', 0, LIFE_MS],
    ['absent', undefined, LIFE_MS],
    ['nonsense', -5, LIFE_MS],
  ])('a token lives %s', async (_, expire, lifeMs) => {
    const source = open()
    await answered(source.current(), 0, issued('tok-1', expire))
    clock += lifeMs * 0.75 - 1
    await source.current()
    await settled()
    expect(asked).toHaveLength(1)
    clock += 1
    await source.current()
    await call(1)
  })

  it('a failure is shared until its back-off is over, and not repeated hot', async () => {
    const source = open()
    const callers = [source.current(), source.current()]
    ;(await call(0)).answer({}, { status: 503 })
    for (const caller of callers) {
      expect(await caller).toEqual({ kind: 'unavailable', isInDoubt: false, words: 'no token: HTTP 503' })
    }
    clock += 499
    expect(await source.current()).toMatchObject({ kind: 'unavailable' })
    expect(asked).toHaveLength(1)
    clock += 1
    expect(await answered(source.current(), 1, issued('tok-1'))).toEqual(granted('tok-1', 1))
    expect(warnings).toEqual(['no token: HTTP 503'])
  })

  it('waits a quarter of a second at least, whatever chance says, and as long as Retry-After asks', async () => {
    const source = open({ random: () => 0 })
    await answered(source.current(), 0, {}, { status: 500 })
    clock += 249
    await source.current()
    expect(asked).toHaveLength(1)
    clock += 1
    const asking = answered(source.current(), 1, {}, { status: 429, headers: { 'retry-after': '20' } })
    expect(await asking).toMatchObject({ kind: 'unavailable', retryAfterMs: 20_000 })
    clock += 15_000
    expect(await source.current()).toMatchObject({ kind: 'unavailable', retryAfterMs: 5000 })
    expect(asked).toHaveLength(2)
  })
})

describe('renewal ahead', () => {
  it.each([
    [0, 0.7],
    [1, 0.8],
  ])('with chance %d at %d of its life, behind the callers’ backs', async (chance, part) => {
    const source = open({ random: () => chance })
    await answered(source.current(), 0, issued('tok-1'))
    clock += Math.round(LIFE_MS * part) - 1
    await source.current()
    await settled()
    expect(asked).toHaveLength(1)
    clock += 1
    for (let caller = 0; caller < 5; caller++) expect(await source.current()).toEqual(granted('tok-1', 1))
    const { answer } = await call(1)
    expect(await source.current()).toEqual(granted('tok-1', 1))
    answer(issued('tok-2'))
    await settled()
    expect(await source.current()).toEqual(granted('tok-2', 2))
    expect(asked).toHaveLength(2)
  })

  it('that fails keeps the old one, tries again after its back-off, and says so once', async () => {
    const source = await opened()
    clock += LIFE_MS * 0.76
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(await source.current()).toEqual(granted('tok-1', 1))
      ;(await call(attempt)).answer({}, { status: 502 })
      await settled()
      expect(await source.current()).toEqual(granted('tok-1', 1))
      expect(asked).toHaveLength(attempt + 1)
      clock += 500 * 2 ** (attempt - 1)
    }
    expect(warnings).toEqual(['no token: HTTP 502; the token at hand stays in use'])
  })

  it('after its end callers wait for the one fetch', async () => {
    const source = await opened()
    clock += LIFE_MS
    const callers = [source.current(), source.current()]
    ;(await call(1)).answer(issued('tok-2'))
    for (const caller of callers) expect(await caller).toEqual(granted('tok-2', 2))
    expect(asked).toHaveLength(2)
  })

  it('no second call begins while one renews ahead, even for a refusal', async () => {
    const source = await opened()
    clock += LIFE_MS * 0.76
    await source.current()
    const callers = [source.refused(1), source.refused(1), source.current()]
    ;(await call(1)).answer(issued('tok-2'))
    for (const caller of callers) expect(await caller).toEqual(granted('tok-2', 2))
    expect(asked).toHaveLength(2)
  })
})

describe('a refusal', () => {
  it('of the present token fetches one for all; an older one renews nothing', async () => {
    const source = await opened()
    const callers = [source.refused(1), source.refused(1), source.refused(1)]
    ;(await call(1)).answer(issued('tok-2'))
    for (const caller of callers) expect(await caller).toEqual(granted('tok-2', 2))
    expect(await source.refused(1)).toEqual(granted('tok-2', 2))
    expect(asked).toHaveLength(2)
  })

  it('of the token that a refusal brought gives it again, until the back-off is over', async () => {
    const source = await opened()
    expect(await answered(source.refused(1), 1, issued('tok-2'))).toEqual(granted('tok-2', 2))
    expect(await source.refused(2)).toEqual(granted('tok-2', 2))
    expect(asked).toHaveLength(2)
    clock += 500
    expect(await answered(source.refused(2), 2, issued('tok-3'))).toEqual(granted('tok-3', 3))
    source.accepted(3)
    // What worked is renewed at once again.
    expect(await answered(source.refused(3), 3, issued('tok-4'))).toEqual(granted('tok-4', 4))
  })

  it('that cannot be mended leaves no token behind', async () => {
    const source = await opened()
    expect(await answered(source.refused(1), 1, { code: 100100, msg: 'expired app' })).toMatchObject({
      kind: 'unauthorised',
      isRenewable: false,
      code: '100100',
    })
    expect(await source.current()).toMatchObject({ kind: 'unauthorised' })
    clock += 500
    expect(await answered(source.current(), 2, issued('tok-2'))).toEqual(granted('tok-2', 2))
  })

  it('of a new token that never worked gives the one before its turn, and that one works on', async () => {
    const source = await opened()
    clock += LIFE_MS * 0.76
    await source.current()
    ;(await call(1)).answer(issued('tok-2'))
    await settled()
    expect(await source.refused(2)).toEqual(granted('tok-1', 1))
    source.accepted(1)
    // Those that come late with the refused one are sent the same way.
    expect(await source.refused(2)).toEqual(granted('tok-1', 1))
    expect(await source.current()).toEqual(granted('tok-1', 1))
    expect(asked).toHaveLength(2)
    clock += 500
    expect(await source.current()).toEqual(granted('tok-1', 1))
    ;(await call(2)).answer(issued('tok-3'))
    await settled()
    expect(await source.current()).toEqual(granted('tok-3', 3))
  })

  it('of that one too fetches', async () => {
    const source = await opened()
    clock += LIFE_MS * 0.76
    await source.current()
    ;(await call(1)).answer(issued('tok-2'))
    await settled()
    await source.refused(2)
    expect(await answered(source.refused(1), 2, issued('tok-3'))).toEqual(granted('tok-3', 3))
  })

  it('of a new token fetches, where the one before has worked out its life or was refused', async () => {
    const source = await opened()
    clock += LIFE_MS * 0.76
    await source.current()
    ;(await call(1)).answer(issued('tok-2'))
    await settled()
    expect(await source.refused(1)).toEqual(granted('tok-2', 2))
    expect(await answered(source.refused(2), 2, issued('tok-3'))).toEqual(granted('tok-3', 3))
  })

  it('again and again before a token’s time names the likely cause, once', async () => {
    const source = await opened()
    for (let generation = 1; generation <= 5; generation++) {
      source.accepted(generation)
      await answered(source.refused(generation), generation, issued(`tok-${generation + 1}`))
    }
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('another system may be fetching tokens with the same appid')
  })

  it('at the token’s own end is no cause for a warning', async () => {
    const source = await opened()
    for (let generation = 1; generation <= 5; generation++) {
      source.accepted(generation)
      clock += LIFE_MS
      await answered(source.refused(generation), generation, issued(`tok-${generation + 1}`))
    }
    expect(warnings).toEqual([])
  })
})

describe('changed keys', () => {
  it('are fetched with anew at the next use, whatever the back-off', async () => {
    const source = open()
    await answered(source.current(), 0, { code: '100100' })
    keys = { ...keys, secret: 'hush-2' }
    const asking = source.current()
    expect((await call(1)).url.searchParams.get('instanceSecrect')).toBe('hush-2')
    expect(await answered(asking, 1, issued('tok-1'))).toEqual(granted('tok-1', 1))
    expect(changes).toBe(1)
  })

  it('that are wrong leave the old token in use where the app is the same, and not where it is another', async () => {
    const source = await opened()
    keys = { ...keys, secret: 'torn' }
    expect(await answered(source.current(), 1, { code: '100100' })).toEqual(granted('tok-1', 1))
    expect(await source.current()).toEqual(granted('tok-1', 1))
    expect(warnings).toEqual(['no token: code 100100; the token at hand stays in use'])
    keys = { appid: 'app-2', secret: 'hush-1' }
    expect(await answered(source.current(), 2, { code: '100100' })).toMatchObject({ kind: 'unauthorised' })
  })

  it('in the midst of a fetch are waited with, and what the former brought is not used', async () => {
    const source = open()
    const first = source.current()
    const { answer } = await call(0)
    keys = { ...keys, appid: 'app-2' }
    const second = source.current()
    await settled()
    expect(asked).toHaveLength(1)
    answer(issued('tok-of-app-1'))
    expect((await call(1)).url.searchParams.get('instanceAppid')).toBe('app-2')
    ;(await call(1)).answer(issued('tok-of-app-2'))
    expect([await first, await second]).toEqual([granted('tok-of-app-2', 1), granted('tok-of-app-2', 1)])
    expect(changes).toBe(1)
  })
})
