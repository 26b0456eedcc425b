import { beforeEach, describe, expect, it } from 'vitest'
import type { Outcome } from '@warren/rabbitpre'
import type { Settlement } from '../queue/ports.ts'
import { silentTelemetry } from '../telemetry.ts'
import { event } from '../testing/refusals-stage.ts'
import { delivered, down, refusal } from '../testing/forwarder-stage.ts'
import { caller, type Caller } from './caller.ts'

const LANE = 'a/unmatched'
const unauthorised: Outcome = { kind: 'unauthorised', isRenewable: true, generation: 1, code: '1', words: 'token' }
const notFound: Outcome = { kind: 'misconfigured', status: 404, words: 'not found' }

let clock: number
let ill: string | undefined
let answers: ((outcome: Outcome) => void)[]
let owed: Settlement[]
let ended: (Outcome['kind'] | undefined)[]
let counted: string[]
let concluded: [Outcome['kind'], number][]
let troubles: unknown[]
let logs: unknown[]
let calls: Caller
beforeEach(() => {
  clock = 1000
  ill = undefined
  answers = []
  owed = []
  ended = []
  counted = []
  concluded = []
  troubles = []
  logs = []
  calls = caller({
    lane: LANE,
    telemetry: {
      ...silentTelemetry,
      count: (name, labels, by = 1) => counted.push(`${name} ${Object.values(labels).join(' ')} ${by}`),
      observe: (name, labels, ms) => counted.push(`${name} ${Object.values(labels).join(' ')} ${ms} ms`),
      log: (...entry) => logs.push(entry),
    },
    now: () => clock,
    random: () => 1,
    isIll: (code) => code === ill,
    owe: (settlements) => owed.push(...settlements),
    trouble: (error) => troubles.push(error),
    onEnd: (outcome) => ended.push(outcome?.kind),
  })
})

const upstream = { credentials: 'a', send: () => new Promise<Outcome>((answer) => answers.push(answer)) }
const settled = () => new Promise((resolve) => setImmediate(resolve))
const begin = (events = 1, conclude?: () => Promise<void>) =>
  calls.begin(
    upstream,
    Array.from({ length: events }, (_, i) => event(`u${i}`)),
    (outcome, startedAt) => {
      concluded.push([outcome.kind, startedAt])
      return conclude?.() ?? Promise.resolve()
    },
  )

/** Makes a call of so many events that takes 50 ms. */
async function call(outcome: Outcome, events = 1): Promise<void> {
  begin(events)
  clock += 50
  answers.shift()?.(outcome)
  await settled()
}

describe('a call', () => {
  it('is in flight until what follows from it is done, and its end is told after that', async () => {
    let end = () => {}
    begin(1, () => new Promise((resolve) => (end = resolve)))
    expect([calls.inFlight, calls.nextAt]).toEqual([1, Infinity])
    clock += 50
    answers[0]?.(delivered)
    await settled()
    expect(concluded).toEqual([['delivered', 1000]])
    expect([calls.inFlight, ended]).toEqual([1, []])
    end()
    await settled()
    expect([calls.inFlight, ended]).toEqual([0, ['delivered']])
    expect(calls.nextAt).toBeLessThanOrEqual(clock)
  })

  it('that throws is trouble, and ends without an outcome', async () => {
    calls.begin({ ...upstream, send: () => Promise.reject(new Error('a bug')) }, [event('u0')], () => Promise.resolve())
    await calls.ended()
    expect(troubles).toEqual([new Error('a bug')])
    expect([calls.inFlight, ended]).toEqual([0, [undefined]])
  })

  it('whose end cannot be recorded is trouble, and ends with its outcome', async () => {
    begin(1, () => Promise.reject(new Error('disk full')))
    answers[0]?.(delivered)
    await calls.ended()
    expect([troubles, ended]).toEqual([[new Error('disk full')], ['delivered']])
  })

  it('is counted and timed', async () => {
    await call(delivered, 500)
    expect(counted).toEqual([`call ${LANE} 50 ms`, `calls ${LANE} delivered 1`, `delivered ${LANE} 500`])
  })
})

describe('what is sent again is counted by its cause', () => {
  it.each<[string, Outcome, number, string[]]>([
    ['the events of a refused batch', refusal, 500, [`resent ${LANE} bisected 500`]],
    ['and of one that was too large', { kind: 'tooLarge', words: '413' }, 2, [`resent ${LANE} bisected 2`]],
    ['not an event alone', refusal, 1, []],
    ['those of a call whose answer was lost', down, 500, [`resent ${LANE} in_doubt 500`]],
    ['not those of a call that did not leave', { ...down, isInDoubt: false }, 500, []],
    ['not those of a halt', notFound, 500, []],
    ['not those of a halt of credentials', unauthorised, 500, []],
  ])('%s', async (_, outcome, events, resent) => {
    await call(outcome, events)
    expect(counted.filter((line) => line.startsWith('resent'))).toEqual(resent)
    expect(counted.filter((line) => line.startsWith('delivered'))).toEqual([])
    expect(logs).toEqual(
      outcome.kind === 'unavailable'
        ? [['warn', 'a call was not taken; its events wait', { lane: LANE, words: outcome.words }]]
        : [],
    )
  })
})

describe('the upstream is well again', () => {
  const open = () => {
    for (let failures = 0; failures < 3; failures++) calls.failed(clock)
    calls.waits(7)
    calls.waits(8)
    expect(calls.isHalfOpen).toBe(true)
  }
  const isWell = () => !calls.isHalfOpen && calls.nextAt <= clock

  it('with any answer: what waited for it comes back at once, and once', async () => {
    open()
    expect(calls.nextAt).toBe(clock + 4000)
    await call(delivered)
    expect(isWell()).toBe(true)
    expect(owed).toEqual([
      { lease: 7, verdict: 'retry', afterMs: 0 },
      { lease: 8, verdict: 'retry', afterMs: 0 },
    ])
    await call(delivered)
    expect(owed).toHaveLength(2)
  })

  it.each<[string, Outcome, boolean]>([
    ['a refusal', refusal, true],
    ['a refusal for its size', { kind: 'tooLarge', words: '413' }, true],
    ['none at all', down, false],
    ['a refused token', unauthorised, false],
    ['another address', notFound, false],
  ])('as %s tells', async (_, outcome, isAnswer) => {
    open()
    await call(outcome)
    expect(isWell()).toBe(isAnswer)
    expect(owed).toHaveLength(isAnswer ? 2 : 0)
  })

  it('not with a refusal in a code that means illness', async () => {
    open()
    ill = refusal.code
    await call(refusal)
    expect(isWell()).toBe(false)
  })
})

describe('the next call may begin', () => {
  it('while fewer are in flight than the limit, which grows with round trips that used it', async () => {
    await call(delivered)
    begin()
    expect(calls.nextAt).toBeLessThanOrEqual(clock)
    begin()
    expect([calls.inFlight, calls.nextAt]).toEqual([2, Infinity])
    clock += 50
    for (const answer of answers) answer(delivered)
    await calls.ended()
    begin()
    begin()
    expect(calls.nextAt).toBeLessThanOrEqual(clock)
    begin()
    expect(calls.nextAt).toBe(Infinity)
  })

  it('with no more than before, where a round trip did not use what was allowed', async () => {
    await call(delivered)
    await call(delivered)
    begin()
    begin()
    expect(calls.nextAt).toBe(Infinity)
  })

  it('when the breaker’s wait is over, alone', async () => {
    await call(delivered)
    calls.failed(clock, 5000)
    expect(calls.nextAt).toBe(clock + 5000)
    clock += 5000
    expect(calls.nextAt).toBeLessThanOrEqual(clock)
    begin()
    expect(calls.nextAt).toBe(Infinity)
  })

  it('with half the limit after trouble', async () => {
    for (let trips = 0; trips < 2; trips++) {
      while (calls.nextAt !== Infinity) begin()
      clock += 50
      for (const answer of answers.splice(0)) answer(delivered)
      await calls.ended()
    }
    calls.failed(clock)
    begin()
    expect(calls.nextAt).toBe(Infinity)
  })

  it('after a halt one by one, however many were allowed before', async () => {
    await call(delivered)
    calls.restart()
    begin()
    expect([calls.inFlight, calls.nextAt]).toEqual([1, Infinity])
  })

  it('after a halt on a ramp, whatever failed before', async () => {
    for (let failures = 0; failures < 5; failures++) calls.failed(clock)
    calls.restart()
    expect(calls.isHalfOpen).toBe(false)
    expect(calls.nextAt).toBeLessThanOrEqual(clock)
    begin()
    expect(calls.nextAt).toBe(Infinity)
    answers[0]?.(delivered)
    await calls.ended()
    expect(calls.nextAt).toBe(clock + 1000)
    await call(refusal)
    expect(calls.nextAt).toBe(clock + 750)
  })
})
