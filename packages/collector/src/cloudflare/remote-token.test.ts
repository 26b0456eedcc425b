import type { TokenAnswer, TokenSource } from '@warren/rabbitpre'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { remoteToken } from './remote-token.ts'

const FRESH_MS = 1000
const FAILED: TokenAnswer = { kind: 'unavailable', isInDoubt: false, words: 'no token: its object did not answer' }

let clock: number
/** What crossed, and what the object answers: in turn, then the last for ever. */
let crossed: string[]
let answers: (() => Promise<TokenAnswer>)[]
let accepting: () => Promise<void>
let stubs: number
let source: TokenSource
beforeEach(() => {
  clock = 5_000_000
  crossed = []
  answers = [() => Promise.resolve(grant(1))]
  accepting = () => Promise.resolve()
  stubs = 0
  const answer = () => (answers.length > 1 ? answers.shift() : answers[0])?.() ?? Promise.reject(new Error('none'))
  source = remoteToken({
    credentials: 'main',
    now: () => clock,
    stub() {
      stubs++
      return {
        current(name) {
          crossed.push(`current ${name}`)
          return answer()
        },
        refused(name, generation) {
          crossed.push(`refused ${name} ${generation}`)
          return answer()
        },
        accepted(name, generation) {
          crossed.push(`accepted ${name} ${generation}`)
          return accepting()
        },
      }
    },
  })
})

afterEach(() => vi.useRealTimers())

const grant = (generation: number, freshMs = FRESH_MS): TokenAnswer => ({
  kind: 'granted',
  token: `tok-${generation}`,
  generation,
  freshMs,
})
const failing = () => Promise.reject(new Error('overloaded: tok-1 hush'))
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('current', () => {
  it('crosses once in a token’s freshness, for all callers', async () => {
    expect(await Promise.all([source.current(), source.current()])).toEqual([grant(1), grant(1)])
    clock += FRESH_MS - 1
    expect(await source.current()).toEqual(grant(1, 1))
    expect(crossed).toEqual(['current main'])
    clock += 1
    answers = [() => Promise.resolve(grant(2))]
    expect(await Promise.all([source.current(), source.current()])).toEqual([grant(2), grant(2)])
    expect(crossed).toHaveLength(2)
  })

  it.each<[string, TokenAnswer]>([
    ['none', grant(1, 0)],
    ['not told', { kind: 'granted', token: 'tok-1', generation: 1 }],
  ])('crosses at each use where its freshness is %s', async (_, answer) => {
    answers = [() => Promise.resolve(answer)]
    for (let use = 0; use < 3; use++) expect(await source.current()).toEqual(answer)
    expect(crossed).toHaveLength(3)
  })

  it('tells a trouble as it is, and asks again at the next use', async () => {
    const trouble: TokenAnswer = { kind: 'unauthorised', isRenewable: false, generation: 1, code: '100100', words: 'x' }
    answers = [() => Promise.resolve(trouble), () => Promise.resolve(grant(1))]
    expect(await source.current()).toEqual(trouble)
    expect(await source.current()).toEqual(grant(1))
  })
})

describe('a refusal', () => {
  it('crosses, and its answer is the token at hand', async () => {
    answers = [() => Promise.resolve(grant(1)), () => Promise.resolve(grant(2))]
    await source.current()
    expect(await source.refused(1)).toEqual(grant(2))
    expect(await source.current()).toEqual(grant(2))
    expect(crossed).toEqual(['current main', 'refused main 1'])
  })

  it('that cannot be told leaves no token at hand: the refused one is not used again', async () => {
    answers = [() => Promise.resolve(grant(1)), failing, () => Promise.resolve(grant(2))]
    await source.current()
    expect(await source.refused(1)).toEqual(FAILED)
    expect(await source.current()).toEqual(grant(2))
  })

  it('under way keeps the refused token from those who come meanwhile', async () => {
    await source.current()
    answers = [() => new Promise<never>(() => {}), () => Promise.resolve(grant(2))]
    void source.refused(1)
    expect(await source.current()).toEqual(grant(2))
  })
})

describe('what worked', () => {
  it('crosses once for each generation', async () => {
    for (const generation of [1, 1, 2, 2, 1, 1]) source.accepted(generation)
    await settled()
    expect(crossed).toEqual(['accepted main 1', 'accepted main 2', 'accepted main 1'])
  })

  it('crosses again where it could not be told', async () => {
    accepting = failing
    source.accepted(1)
    await settled()
    accepting = () => Promise.resolve()
    for (let call = 0; call < 3; call++) source.accepted(1)
    await settled()
    expect(crossed).toEqual(['accepted main 1', 'accepted main 1'])
  })

  it('and could not be told counts for nothing where another has worked meanwhile', async () => {
    accepting = failing
    source.accepted(1)
    accepting = () => Promise.resolve()
    source.accepted(2)
    await settled()
    source.accepted(2)
    expect(crossed).toEqual(['accepted main 1', 'accepted main 2'])
  })
})

describe('a call to the object that fails', () => {
  it('is a trouble without content, and never a rejection; the next has another stub', async () => {
    answers = [failing, failing, () => Promise.resolve(grant(1))]
    expect(await source.current()).toEqual(FAILED)
    expect(await source.refused(1)).toEqual(FAILED)
    expect(await source.current()).toEqual(grant(1))
    expect(stubs).toBe(3)
  })

  it('so is one that has no stub', async () => {
    source = remoteToken({
      credentials: 'main',
      stub: () => {
        throw new Error('no such binding')
      },
    })
    expect(await source.current()).toEqual(FAILED)
    expect(await source.refused(1)).toEqual(FAILED)
    source.accepted(1)
    await settled()
  })

  it('so is one that is never answered: those that come after it ask again', async () => {
    vi.useFakeTimers()
    answers = [() => new Promise<never>(() => {}), () => Promise.resolve(grant(1))]
    const asked = Promise.all([source.current(), source.current()])
    await vi.advanceTimersByTimeAsync(20_000)
    expect(await asked).toEqual([FAILED, FAILED])
    expect(await source.current()).toEqual(grant(1))
  })
})
