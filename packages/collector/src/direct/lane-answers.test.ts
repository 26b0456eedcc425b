import type { Outcome } from '@warren/rabbitpre'
import { describe, expect, it } from 'vitest'
import { credentialHalts } from '../forward/credential-halts.ts'
import { MAX_CALL } from '../forward/due.ts'
import type { Halt } from '../forward/halt.ts'
import type { Telemetry } from '../telemetry.ts'
import type { Item, LaneEnd } from './deliver-lane.ts'
import { HALT_AT } from './evidence.ts'
import { laneAnswers } from './lane-answers.ts'
import { laneGate } from './lane-gate.ts'
import { requestBudget } from './request-budget.ts'
import { searchPlan } from './search-plan.ts'

const LANE = 'main/unmatched'
const TAKEN = { kind: 'delivered' } as const
const NO = { kind: 'refused', code: '100400', words: 'not defined' } as const
const TOO_LARGE = { kind: 'tooLarge', words: 'HTTP 413' } as const
const DOWN = { kind: 'unavailable', isInDoubt: false, words: 'HTTP 503' } as const
const WRONG_ADDRESS = { kind: 'misconfigured', status: 404, words: 'HTTP 404' } as const
const WRONG_APP = {
  kind: 'unauthorised',
  isRenewable: false,
  generation: 1,
  code: '100100',
  words: 'code 100100',
} as const

function item(uuid: string, eventKey = 'c_buy'): Item {
  return { name: `shop ${uuid}`, eventKey, print: '', bytes: 100, event: { uuid, eventKey, time: 0 } }
}

/** One request's answers, on a lane whose first wait is half a second, and the next one a second. */
function stage() {
  let clock = 1_000_000
  const now = () => clock
  const random = () => 0.5
  const counts: string[] = []
  const logs: unknown[][] = []
  const telemetry: Telemetry = {
    log: (...line) => logs.push(line),
    count: (name, labels, by = 1) => counts.push([name, ...Object.values(labels), by].join(' ')),
    observe: () => {},
  }
  const shared = credentialHalts(now, random)
  const gate = laneGate({ lane: LANE, credentials: shared, trials: new WeakMap(), telemetry, now, random })
  const suspects: Item[] = []
  const end: LaneEnd = { delivered: [], refused: [] }
  const upstream = { credentials: 'main', send: () => Promise.reject(new Error('no call is made here')) }
  const answers = laneAnswers(
    { lane: LANE, gate, upstream, items: [], budget: requestBudget({ now }), reserve: 0, telemetry, now, random },
    { plan: searchPlan([], { max: MAX_CALL, isHeld: () => false, random }), suspects, end },
  )
  return {
    gate,
    suspects,
    end,
    counts,
    logs,
    now,
    pass: (ms: number) => void (clock += ms),
    take: (outcome: Outcome, piece: readonly Item[] = [item('a')], halt?: Halt) =>
      answers.take({ piece, outcome, startedAt: clock, halt }),
    haltLane(): Halt {
      gate.stops.haltLane('the lane is halted')
      return gate.stops.lane ?? expect.unreachable()
    },
    haltCredentials(): Halt {
      gate.stops.stopFor(WRONG_APP, 'main')
      return shared.of('main') ?? expect.unreachable()
    },
    credentialsHalt: () => shared.of('main'),
    /** From now on the code of {@link NO} means illness. */
    makeIll() {
      gate.evidence.refusedAlone(item('ill'), { ...NO, isSize: false })
      gate.evidence.delivered([item('ill')])
    },
    isOpen: () => gate.fuse.openUntil <= clock,
  }
}

describe('delivered', () => {
  it('ends the halt that was probed, of the lane and of the credentials', () => {
    const one = stage()
    one.haltCredentials()
    expect(one.take(TAKEN, [item('a')], one.haltLane())).toBeUndefined()
    expect([one.gate.stops.lane, one.credentialsHalt()]).toEqual([undefined, undefined])
  })

  it('by a call that was under way when the halt began ends nothing', () => {
    const one = stage()
    const halts = [one.haltLane(), one.haltCredentials()]
    one.take(TAKEN)
    expect([one.gate.stops.lane, one.credentialsHalt()]).toEqual(halts)
  })

  it('by a probe spares the lane a halt for refused events, until something else is delivered', () => {
    const one = stage()
    const refuseAll = (name: string) => {
      for (let i = 0; i < HALT_AT; i++) one.take(NO, [item(`${name}${i}`)])
      return one.gate.stops.lane
    }
    one.take(TAKEN, [item('probe')], one.haltLane())
    expect(refuseAll('b')).toBeUndefined()
    one.take(TAKEN, [item('other')])
    expect(refuseAll('c')).toBeDefined()
  })
})

describe('refused', () => {
  it('counts the events that are sent again by the search, and none that was alone', () => {
    const one = stage()
    expect(one.take(NO, [item('a'), item('b'), item('c')])).toBeUndefined()
    expect(one.take(NO)).toBeUndefined()
    expect(one.counts).toEqual([`resent ${LANE} bisected 3`])
  })

  it('is an answer: failures before it are no row with those after it', () => {
    const one = stage()
    for (const outcome of [DOWN, DOWN, NO, DOWN]) one.take(outcome, [item('a'), item('b')])
    expect(one.isOpen()).toBe(true)
    for (const outcome of [DOWN, DOWN]) one.take(outcome)
    expect(one.isOpen()).toBe(false)
  })

  it('has an event called again at once only where that may settle it', () => {
    const one = stage()
    const bad = item('bad')
    one.take(NO, [bad])
    expect(one.suspects).toEqual([])
    one.take(TAKEN, [item('b')])
    one.pass(10_000)
    for (let refusals = 2; refusals < 6; refusals++) {
      one.take(NO, [bad])
      expect(one.suspects.splice(0)).toEqual([bad])
    }
    one.take(NO, [bad])
    expect([one.suspects, one.end.refused]).toEqual([[], [{ item: bad, words: NO.words }]])
  })

  it('eight times in a row halts the lane until its first probe, which takes another key', () => {
    const one = stage()
    for (let i = 1; i < HALT_AT; i++) expect(one.take(NO, [item(`a${i}`)])).toBeUndefined()
    expect(one.take(NO, [item('last', 'c_last')])).toEqual({ kind: 'closed', waitMs: 500, isWide: false })
    expect(one.gate.stops.lane?.words).toBe('every event is refused: not defined')
    expect([...(one.gate.stops.lane?.refusedKeys ?? [])]).toEqual(['c_last'])
  })

  it('as the probe of the lane puts the next one off, which takes another key, and refuses nothing for good', () => {
    const one = stage()
    const bad = item('bad', 'c_bad')
    one.take(NO, [bad])
    one.take(TAKEN, [item('b')])
    one.pass(10_000)
    const halted = one.haltLane()
    for (let probes = 1; probes <= 6; probes++) {
      const waitMs = Math.min(30_000, 500 * 2 ** probes)
      expect(one.take(NO, [bad], halted)).toEqual({ kind: 'closed', waitMs, isWide: false })
    }
    expect([...halted.refusedKeys]).toEqual(['c_bad'])
    expect([one.gate.stops.lane, one.gate.stops.lane?.words]).toEqual([halted, NO.words])
    expect([one.end.refused, one.suspects]).toEqual([[], []])
  })

  it('as the probe of the credentials shows that they work', () => {
    const one = stage()
    expect(one.take(NO, [item('a')], one.haltCredentials())).toBeUndefined()
    expect(one.credentialsHalt()).toBeUndefined()
  })

  it('by a call that was under way when the halt began ends nothing', () => {
    const one = stage()
    const halts = [one.haltLane(), one.haltCredentials()]
    one.take(NO)
    expect([one.gate.stops.lane, one.credentialsHalt()]).toEqual(halts)
  })
})

describe('refused under a code that means illness', () => {
  it('three times in a row is trouble of the lane, and keeps it from calling', () => {
    const one = stage()
    one.makeIll()
    const suspectsBefore = one.gate.evidence.suspects
    const told = [0, 1, 2].map((i) => one.take(NO, [item(`b${i}`)]))
    expect(told).toEqual([undefined, undefined, { kind: 'unwell', waitMs: undefined, isWide: false }])
    expect(one.isOpen()).toBe(false)
    expect(one.gate.evidence.suspects).toBe(suspectsBefore)
  })

  it('is trouble at once as the probe of a halt, which goes on in its own words', () => {
    const one = stage()
    one.makeIll()
    const halted = one.haltLane()
    expect(one.take(NO, [item('a')], halted)).toMatchObject({ kind: 'unwell' })
    expect(one.gate.stops.lane).toBe(halted)
    expect([halted.words, halted.nextAt]).toEqual(['the lane is halted', one.now() + 1000])
  })
})

describe('unavailable', () => {
  it('is trouble of the whole destination, for as long as it says', () => {
    const one = stage()
    expect(one.take(DOWN)).toEqual({ kind: 'unwell', waitMs: undefined, isWide: true })
    expect(one.take({ ...DOWN, retryAfterMs: 7000 })).toEqual({ kind: 'unwell', waitMs: 7000, isWide: true })
    expect(one.gate.fuse.openUntil).toBe(one.now() + 7000)
  })

  it('counts what may have been stored all the same, and nothing else, as sent again', () => {
    const one = stage()
    one.take(DOWN, [item('a'), item('b')])
    expect(one.counts).toEqual([])
    one.take({ ...DOWN, isInDoubt: true }, [item('a'), item('b')])
    expect(one.counts).toEqual([`resent ${LANE} in_doubt 2`])
  })

  it('as a probe puts the next one off, by as much as the platform asks for', () => {
    const one = stage()
    const halted = one.haltLane()
    one.take(DOWN, [item('a')], halted)
    expect(halted.nextAt).toBe(one.now() + 1000)
    one.take({ ...DOWN, retryAfterMs: 42_000 }, [item('a')], halted)
    expect([halted.words, halted.nextAt]).toEqual(['the lane is halted', one.now() + 42_000])
  })
})

describe('unauthorised and misconfigured', () => {
  it.each([WRONG_APP, WRONG_ADDRESS])('halt until the first probe, for the whole destination: $kind', (outcome) => {
    const one = stage()
    expect(one.take(outcome)).toEqual({ kind: 'closed', waitMs: 500, isWide: true })
    expect([one.credentialsHalt()?.words, one.gate.stops.lane?.words]).toEqual(
      outcome === WRONG_APP ? [outcome.words, undefined] : [undefined, outcome.words],
    )
  })

  it('put the next probe off once where they are what was probed', () => {
    const one = stage()
    expect(one.take(WRONG_ADDRESS, [item('a')], one.haltLane())).toMatchObject({ waitMs: 1000 })
    const other = stage()
    expect(other.take(WRONG_APP, [item('a')], other.haltCredentials())).toMatchObject({ waitMs: 1000 })
  })

  it('are both in force where a probe of the one meets the other', () => {
    const one = stage()
    const credentials = one.haltCredentials()
    expect(one.take(WRONG_ADDRESS, [item('a')], credentials)).toEqual({ kind: 'closed', waitMs: 1000, isWide: true })
    expect([one.credentialsHalt(), one.gate.stops.lane?.words]).toEqual([credentials, WRONG_ADDRESS.words])
    const other = stage()
    const lane = other.haltLane()
    other.take(WRONG_APP, [item('a')], lane)
    expect([lane.nextAt, other.credentialsHalt()?.nextAt]).toEqual([other.now() + 1000, other.now() + 500])
  })
})

it('an operator reads what was not taken, and what was refused for good, in the words of the platform', () => {
  const one = stage()
  one.take({ ...DOWN, words: 'HTTP 503' })
  expect(one.logs.splice(0)).toEqual([
    ['warn', 'a call was not taken; its events wait', { lane: LANE, words: 'HTTP 503' }],
  ])
  one.take(TOO_LARGE, [item('bad')])
  one.take(TAKEN, [item('b')])
  one.pass(10_000)
  for (let refusals = 2; refusals <= 6; refusals++) one.take(TOO_LARGE, [item('bad')])
  expect(one.logs.splice(0)).toEqual([
    ['warn', 'an event is refused for good; its sender is told', { lane: LANE, code: 'http_413', words: 'HTTP 413' }],
  ])
  one.makeIll()
  for (let i = 0; i < 3; i++) one.take(NO)
  expect(one.logs).toEqual([['warn', 'calls were not taken; their events wait', { lane: LANE, words: 'not defined' }]])
})
