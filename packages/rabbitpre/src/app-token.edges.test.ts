import { beforeEach, describe, expect, it } from 'vitest'
import { appToken } from './app-token.ts'
import type { WatchedTokenSource } from './token-source.ts'

const LIFE_S = 7200
const LIFE_MS = LIFE_S * 1000

let clock: number
let keys: { appid: string; secret: string }
let warnings: string[]
let looks: string[]
/** The secrets that tokens were fetched with, and how the platform answers the next. */
let fetched: string[]
let answer: () => Response
let source: WatchedTokenSource
beforeEach(() => {
  clock = 1_000_000
  keys = { appid: 'app-1', secret: 'hush-1' }
  warnings = []
  looks = []
  fetched = []
  answer = () => issued(`tok-${fetched.length}`)
  source = open()
})

/** All that is told by callbacks is told to the test, or nothing is. */
const open = (onChange?: () => void) =>
  appToken({
    appid: { read: () => Promise.resolve(keys.appid), look: async () => void looks.push('appid') },
    secret: { read: () => Promise.resolve(keys.secret), look: async () => void looks.push('secret') },
    warn: (words) => warnings.push(words),
    ...(onChange ? { onChange } : {}),
    now: () => clock,
    random: () => 0.5,
    fetch(input) {
      fetched.push((input as URL).searchParams.get('instanceSecrect') ?? '')
      return Promise.resolve(answer())
    },
  })

const issued = (token: string, expire = LIFE_S) =>
  Response.json({ code: '200', data: { orgAccessToken: token, expire } })
const granted = (token: string, generation: number) => ({
  kind: 'granted',
  token,
  generation,
  freshMs: expect.any(Number) as number,
})
/** Whatever goes on behind the callers' backs has its answer. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

/** Lets the token at hand grow old, so that the next use renews it. */
async function renewAhead(): Promise<void> {
  clock += LIFE_MS * 0.76
  await source.current()
  await settled()
}

describe('a token', () => {
  it('that is accepted before there is any changes nothing', async () => {
    source.accepted(1)
    expect(await source.current()).toEqual(granted('tok-1', 1))
  })

  it('whose life was over before it arrived is given once, as it came', async () => {
    answer = () => {
      clock += 61_000
      return issued(`tok-${fetched.length}`, 60)
    }
    expect(await source.current()).toEqual(granted('tok-1', 1))
    expect(fetched).toHaveLength(1)
  })

  it('keeps its second turn where a late call tells that the former worked', async () => {
    await source.current()
    await renewAhead()
    source.accepted(1)
    expect(await source.refused(2)).toEqual(granted('tok-1', 1))
    expect(fetched).toHaveLength(2)
  })

  it('gives none to the former once it has worked itself', async () => {
    await source.current()
    await renewAhead()
    source.accepted(2)
    expect(await source.refused(2)).toEqual(granted('tok-3', 3))
  })

  it('that is refused after the keys have changed is fetched with the new ones, and has no second turn', async () => {
    await source.current()
    await renewAhead()
    keys = { ...keys, secret: 'hush-2' }
    expect(await source.refused(2)).toEqual(granted('tok-3', 3))
    expect(fetched.at(-1)).toBe('hush-2')
    // It is one of the former secret: nothing that would count as a refusal of the new.
    expect(await source.refused(3)).toEqual(granted('tok-4', 4))
  })

  it('refused at its own end does not count among those refused before their time', async () => {
    await source.current()
    source.accepted(1)
    clock += LIFE_MS
    await source.refused(1)
    for (const generation of [2, 3]) {
      source.accepted(generation)
      clock += 1000
      await source.refused(generation)
    }
    expect(warnings).toEqual([])
    source.accepted(4)
    clock += 1000
    await source.refused(4)
    expect(warnings).toHaveLength(1)
  })
})

describe('a call for a token that fails', () => {
  beforeEach(() => {
    answer = () => new Response('{}', { status: 503 })
  })
  const trouble = { kind: 'unavailable', isInDoubt: false, words: 'no token: HTTP 503' }

  it('is repeated after 0.5, 1 and 2 s, with half of all chances, and not before', async () => {
    for (const [calls, waitMs] of [500, 1000, 2000].entries()) {
      expect(await source.current()).toEqual(trouble)
      clock += waitMs - 1
      expect(await source.current()).toEqual(trouble)
      expect(fetched).toHaveLength(calls + 1)
      clock += 1
    }
  })

  it('says so again where it fails after a success', async () => {
    await source.current()
    clock += 500
    answer = () => issued('tok-2')
    await source.current()
    answer = () => new Response('{}', { status: 503 })
    clock += LIFE_MS
    await source.current()
    expect(warnings).toEqual([trouble.words, trouble.words])
  })
})

describe('a token refused before it ever worked', () => {
  it('is renewed after 0.5, 1 and 2 s, with half of all chances, and not before', async () => {
    await source.current()
    await source.refused(1)
    for (const [turn, waitMs] of [500, 1000, 2000].entries()) {
      const generation = turn + 2
      clock += waitMs - 1
      expect(await source.refused(generation)).toEqual(granted(`tok-${generation}`, generation))
      clock += 1
      expect(await source.refused(generation)).toEqual(granted(`tok-${generation + 1}`, generation + 1))
    }
  })
})

describe('a look', () => {
  it('is one at both keys, and takes up what has changed', async () => {
    let changes = 0
    source = open(() => void changes++)
    await source.current()
    keys = { ...keys, secret: 'hush-2' }
    await source.look()
    expect(looks).toEqual(['appid', 'secret'])
    expect(changes).toBe(1)
  })

  it('takes it up without anybody to be told', async () => {
    await source.current()
    keys = { ...keys, secret: 'hush-2' }
    await source.look()
    expect(await source.current()).toEqual(granted('tok-2', 2))
    expect(fetched).toEqual(['hush-1', 'hush-2'])
  })
})
