import { beforeEach, describe, expect, it } from 'vitest'
import { CREDENTIALS, lanePartsStage } from '../testing/lane-parts-stage.ts'
import { delivered, down, refusal } from '../testing/forwarder-stage.ts'
import type { Halt } from './halt.ts'
import { probe } from './probing.ts'

const notFound = { kind: 'misconfigured', status: 404, words: 'not found' } as const
const unauthorised = { kind: 'unauthorised', isRenewable: true, generation: 1, code: '100200', words: 'token' } as const

let at: ReturnType<typeof lanePartsStage>
beforeEach(() => {
  at = lanePartsStage()
})

function stop(): Halt {
  const halt = at.parts.halts.current(CREDENTIALS)
  if (!halt) throw new Error('no halt')
  return halt
}

/** Lets the halt's wait pass, and probes. */
function tryNow(hasEvents = true): Promise<number | undefined> {
  at.pass(Math.max(0, stop().nextAt - at.now()))
  return probe(at.parts, stop(), at.upstream, hasEvents)
}

const halted = () => at.parts.halts.haltLane('not found')
const refuseCredentials = () => at.parts.halts.stopFor(unauthorised, CREDENTIALS)

describe('a halted lane', () => {
  it('is not probed before its time, says when that is, and is not probed with nothing', async () => {
    await at.put('u1')
    halted()
    expect(await probe(at.parts, stop(), at.upstream, true)).toBe(at.now() + 500)
    expect(await tryNow(false)).toBeUndefined()
    expect(at.sent).toEqual([])
  })

  it('is probed with its newest event, one at a time', async () => {
    await at.put('u1', 'u2', 'u3')
    halted()
    expect(await tryNow()).toBeUndefined()
    expect(at.sent.map(({ uuids }) => uuids)).toEqual([['u3']])
    expect(stop().isProbing).toBe(true)
    expect(await probe(at.parts, stop(), at.upstream, true)).toBeUndefined()
    expect(at.sent).toHaveLength(1)
    await at.answer(notFound)
    expect(stop().isProbing).toBe(false)
  })

  it('takes another key than those that were refused in this halt, while there is one', async () => {
    await at.put('u1:c_a', 'u2:c_b', 'u3:c_b')
    halted()
    await tryNow()
    await at.answer(refusal)
    await tryNow()
    await at.answer(refusal)
    await tryNow()
    expect(at.sent.map(({ uuids }) => uuids)).toEqual([['u3'], ['u1'], ['u2']])
    expect(stop()).toMatchObject({ words: refusal.words })
  })

  it('asks again a second later where the queue hands nothing out', async () => {
    await at.put('u1')
    await at.lease()
    halted()
    expect(await tryNow()).toBe(at.now() + 1000)
  })

  it('resumes with a delivered probe: that event is done, and the next refused batch is spared the halt', async () => {
    await at.put('u1', 'u2')
    halted()
    await tryNow()
    await at.answer(delivered)
    expect(at.parts.halts.current(CREDENTIALS)).toBeUndefined()
    expect(at.parts.isSpared).toBe(true)
    expect(at.told).toEqual([{ lease: 1, verdict: 'ack' }])
    // Nobody else has waited for it.
    expect(at.woken).toEqual([])
  })

  it('resumes with a delivered probe, which tells of its code where it was refused before', async () => {
    await at.put('u1')
    halted()
    await tryNow()
    await at.answer(refusal)
    await tryNow()
    await at.answer(delivered)
    expect(at.parts.known.isIll(refusal.code)).toBe(true)
  })

  it('buries nothing, however often a probe is refused', async () => {
    await at.put('u1')
    halted()
    for (let probes = 1; probes <= 10; probes++) {
      await tryNow()
      await at.answer(refusal)
      at.pass(20_000)
    }
    expect(at.told.every(({ verdict }) => verdict === 'retry')).toBe(true)
    // But remembers it, for the day when it passes.
    expect(at.parts.known.suspect('u1')).toMatchObject({ refusals: 10 })
  })

  it('waits longer after each probe that is not taken, and as long as it is asked to', async () => {
    await at.put('u1')
    halted()
    for (const [outcome, waitMs, words] of [
      [down, 1000, 'not found'],
      [{ ...down, retryAfterMs: 90_000 }, 90_000, 'not found'],
      [{ ...notFound, words: 'moved' }, 4000, 'moved'],
    ] as const) {
      await tryNow()
      await at.answer(outcome)
      expect(stop()).toMatchObject({ nextAt: at.now() + waitMs, words })
      expect(at.told.at(-1)).toEqual({ lease: expect.any(Number), verdict: 'retry', afterMs: 0 })
    }
  })

  it('whose credentials are refused meanwhile halts for both, credentials first', async () => {
    await at.put('u1')
    halted()
    await tryNow()
    await at.answer(unauthorised)
    expect(stop()).toMatchObject({ words: 'token' })
    expect(at.parts.halts.lane).toMatchObject({ words: 'not found' })
  })
})

describe('refused credentials', () => {
  beforeEach(async () => {
    await at.put('u1', 'u2')
    refuseCredentials()
  })

  it('are probed, and wait longer each time they are refused', async () => {
    for (const waitMs of [1000, 2000, 4000]) {
      await tryNow()
      await at.answer(unauthorised)
      expect(stop().nextAt).toBe(at.now() + waitMs)
    }
  })

  it('work again with a delivered probe: the other lanes that wait for them are woken', async () => {
    await tryNow()
    await at.answer(delivered)
    expect(at.parts.halts.current(CREDENTIALS)).toBeUndefined()
    expect(at.woken).toEqual([at.now()])
  })

  it('work again where the probe is refused for itself, which is judged as any event alone', async () => {
    await tryNow()
    await at.answer(refusal)
    expect(at.parts.halts.current(CREDENTIALS)).toBeUndefined()
    expect(at.parts.known.suspect('u2')).toMatchObject({ refusals: 1, lease: 1 })
    expect(at.told).toEqual([{ lease: 1, places: [0], verdict: 'retry', afterMs: 0 }])
    expect(at.woken).toEqual([at.now()])
  })

  it('that led to the wrong address leave the lane halted for that as well', async () => {
    await tryNow()
    await at.answer(notFound)
    expect(stop()).toMatchObject({ words: 'token' })
    expect(at.parts.halts.lane).toMatchObject({ words: 'not found' })
  })
})

it('a probe that is too large is remembered as that, and the lane’s halt goes on', async () => {
  await at.put('u1')
  halted()
  await tryNow()
  await at.answer({ kind: 'tooLarge', words: 'HTTP 413' })
  expect(stop()).toMatchObject({ words: 'HTTP 413' })
  expect(at.parts.known.suspect('u1')).toMatchObject({ code: 'http_413' })
})
