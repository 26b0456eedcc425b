import { beforeEach, describe, expect, it } from 'vitest'
import { appToken } from './app-token.ts'
import { fixedSecret } from './secret-value.ts'
import type { KeptToken, TokenKeep } from './token-keep.ts'
import type { WatchedTokenSource } from './token-source.ts'

const LIFE_S = 7200
const LIFE_MS = LIFE_S * 1000
const START = 1_000_000

let clock: number
let chance: number
let warnings: string[]
let fetched: number
/** What the platform answers the next call. */
let answer: () => Response
/** What every holder of a test shares, and how often they have looked there. */
let kept: KeptToken | undefined
let looks: number
/** Nothing of it is to be seen yet, as in a store that is copied about. */
let isBehind: boolean
let keep: TokenKeep
beforeEach(() => {
  clock = START
  chance = 0.5
  warnings = []
  fetched = 0
  answer = () => Response.json({ code: '200', data: { orgAccessToken: `tok-${fetched}`, expire: LIFE_S } })
  kept = undefined
  looks = 0
  isBehind = false
  keep = {
    async load() {
      looks++
      return isBehind ? undefined : kept
    },
    async save(token) {
      kept = token
    },
  }
})

/** A holder that begins anew: another life, or another isolate. */
const open = (appid = 'app-1', waitUntil?: (work: Promise<unknown>) => void): WatchedTokenSource =>
  appToken({
    appid: fixedSecret(appid),
    secret: fixedSecret('hush-1'),
    warn: (words) => warnings.push(words),
    now: () => clock,
    random: () => chance,
    keep,
    ...(waitUntil ? { waitUntil } : {}),
    fetch() {
      fetched++
      return Promise.resolve(answer())
    },
  })

const granted = (token: string, generation: number) => expect.objectContaining({ kind: 'granted', token, generation })
/** Lets the kept token be at its end, whatever the clock says. */
const expire = () => (kept = { ...(kept as KeptToken), expiresAt: 0 })
const settled = () => new Promise((resolve) => setImmediate(resolve))

/** The number that the token at hand has. */
async function generationOf(source: WatchedTokenSource): Promise<number> {
  const answered = await source.current()
  if (answered.kind !== 'granted') throw new Error(answered.words)
  return answered.generation
}

describe('a fetched token', () => {
  it('is kept with what its next holder must know', async () => {
    await open().current()
    expect(kept).toEqual({
      token: 'tok-1',
      generation: START,
      appid: 'app-1',
      lifeMs: LIFE_MS,
      expiresAt: START + LIFE_MS,
      renewAt: START + LIFE_MS * 0.75,
    })
  })

  it('is numbered after all that went before, also where the clock went back', async () => {
    const first = await generationOf(open())
    clock = 5
    expire()
    expect(await generationOf(open())).toBe(first + 1)
    clock = START + 77
    expire()
    expect(await generationOf(open())).toBe(START + 77)
  })

  it('may be used without asking again until it is due', async () => {
    const source = open()
    expect(await source.current()).toMatchObject({ freshMs: LIFE_MS * 0.75 })
    clock += LIFE_MS * 0.75 - 1
    expect(await source.current()).toMatchObject({ freshMs: 1 })
    clock += 100
    expect(await source.current()).toMatchObject({ freshMs: 0 })
  })
})

describe('a holder that begins anew', () => {
  it('goes on with the kept token, for all its callers with one look and no call', async () => {
    await open().current()
    clock += 1000
    looks = 0
    const next = open()
    const callers = await Promise.all([next.current(), next.current(), next.refused(3), next.current()])
    for (const caller of callers) expect(caller).toEqual(granted('tok-1', START))
    expect([fetched, looks]).toEqual([1, 1])
  })

  it('renews it when it is due, a little later than its keep says', async () => {
    await open().current()
    const next = open()
    await next.current()
    clock += LIFE_MS * 0.8 - 1
    await next.current()
    await settled()
    expect(fetched).toBe(1)
    clock += 1
    await next.current()
    await settled()
    expect(await next.current()).toEqual(granted('tok-2', clock))
    expect(kept).toMatchObject({ token: 'tok-2', generation: clock })
  })

  it('fetches another where the kept one is refused, though it has seen no other', async () => {
    const generation = await generationOf(open())
    clock += 1000
    const next = open()
    expect(await Promise.all([next.refused(generation), next.refused(generation)])).toEqual([
      granted('tok-2', START + 1000),
      granted('tok-2', START + 1000),
    ])
    expect(fetched).toBe(2)
  })

  it.each<[string, () => void]>([
    ['another app’s', () => (kept = { ...(kept as KeptToken), appid: 'app-2' })],
    ['an expired one', () => (clock += LIFE_MS)],
    ['none', () => (kept = undefined)],
    ['one that cannot be read', () => (keep = { ...keep, load: () => Promise.reject(new Error('tok-1')) })],
  ])('takes %s for none, and fetches', async (_, change) => {
    await open().current()
    change()
    expect(await open().current()).toMatchObject({ kind: 'granted', token: 'tok-2' })
  })

  it('whose kept token is over, and whose call fails, has none', async () => {
    await open().current()
    clock += LIFE_MS
    answer = () => new Response('', { status: 503 })
    expect(await open().current()).toMatchObject({ kind: 'unavailable', words: 'no token: HTTP 503' })
  })
})

describe('holders that share a keep', () => {
  it('take a refused token’s successor from there before they fetch', async () => {
    const [one, other] = [open(), open()]
    const first = await generationOf(one)
    await other.current()
    clock += 1000
    expect(await one.refused(first)).toEqual(granted('tok-2', clock))
    expect(await other.refused(first)).toEqual(granted('tok-2', clock))
    expect(fetched).toBe(2)
    // It is a token like any other: refused as well, it is followed by a fetched one.
    other.accepted(clock)
    clock += 1000
    expect(await other.refused(START + 1000)).toEqual(granted('tok-3', clock))
  })

  it('take a due token’s successor from there', async () => {
    const [one, other] = [open(), open()]
    await one.current()
    await other.current()
    clock += LIFE_MS * 0.76
    await one.current()
    await settled()
    clock += LIFE_MS * 0.05
    expect(await other.current()).toEqual(granted('tok-1', START))
    await settled()
    expect(await other.current()).toMatchObject({ token: 'tok-2' })
    expect(fetched).toBe(2)
  })

  it('that fetch at one time give each token a number of its own', async () => {
    isBehind = true
    const one = open()
    const first = await generationOf(one)
    clock += 20
    await open().current()
    isBehind = false
    expect(await one.refused(first)).toEqual(granted('tok-2', START + 20))
    expect(fetched).toBe(2)
  })

  it('go on with another’s new token where their own was the answer to a refusal, and is refused as well', async () => {
    const [one, other] = [open(), open()]
    const first = await generationOf(one)
    await other.current()
    await one.refused(first)
    const second = await generationOf(one)
    clock += 10
    // Without the other's, it would be given again until its back-off is over.
    expect(await one.refused(second)).toEqual(granted('tok-2', second))
    await other.refused(first)
    other.accepted(second)
    clock += 10
    await other.refused(second)
    const third = clock
    expect(await one.refused(second)).toEqual(granted('tok-3', third))
    expect(fetched).toBe(3)
    // Once it has worked it is renewed at once, as one of its own would be.
    one.accepted(third)
    clock += 10
    expect(await one.refused(third)).toEqual(granted('tok-4', clock))
  })

  it('give a former token no second turn where there is another’s new one', async () => {
    const [one, other] = [open(), open()]
    await one.current()
    await other.current()
    chance = 0
    clock += LIFE_MS * 0.76
    await one.current()
    await settled()
    const second = await generationOf(one)
    await other.refused(START)
    other.accepted(second)
    clock += 10
    await other.refused(second)
    expect(await one.refused(second)).toEqual(granted('tok-3', clock))
  })

  it('do not take back what they have given up', async () => {
    const source = open()
    await source.current()
    clock += LIFE_MS * 0.76
    await source.current()
    await settled()
    const second = await generationOf(source)
    expect(second).toBeGreaterThan(START)
    // The former has its second turn, and the refused one is still what is kept.
    expect(await source.refused(second)).toEqual(granted('tok-1', START))
    clock += 60_000
    await source.current()
    await settled()
    expect(await source.current()).toEqual(granted('tok-3', clock))
  })
})

describe('a keep that is down', () => {
  it('costs nothing but a call in the next life, and is told of once until it works', async () => {
    const down = () => Promise.reject(new Error('hush-1 tok-1'))
    const works = keep
    let isDown = true
    keep = {
      load: () => (isDown ? down() : works.load()),
      save: (token) => (isDown ? down() : works.save(token)),
    }
    const source = open()
    for (let turn = 1; turn <= 3; turn++) {
      expect(await source.current()).toMatchObject({ kind: 'granted', token: `tok-${turn}` })
      clock += LIFE_MS
    }
    expect(warnings).toEqual([
      'the kept token cannot be read; a new one is fetched where one is needed',
      'the token cannot be kept; who comes after fetches another',
    ])
    isDown = false
    await source.current()
    clock += LIFE_MS
    isDown = true
    await source.current()
    expect(warnings).toHaveLength(4)
  })
})

it('the work that callers share is given to a runtime that would end it with its caller', async () => {
  const given: Promise<unknown>[] = []
  const source = open('app-1', (work) => given.push(work))
  const generation = await generationOf(source)
  // The renewal, and the look that it begins with.
  expect(given).toHaveLength(2)
  clock += LIFE_MS * 0.76
  await source.current()
  expect(given).toHaveLength(4)
  await Promise.all(given)
  expect(await source.current()).toMatchObject({ token: 'tok-2' })
  await source.refused(generation)
  expect(given).toHaveLength(4)
})
