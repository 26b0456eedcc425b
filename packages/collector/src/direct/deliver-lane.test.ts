import type { Outcome } from '@warren/rabbitpre'
import { describe, expect, it } from 'vitest'
import { credentialHalts } from '../forward/credential-halts.ts'
import type { Halt } from '../forward/halt.ts'
import type { Telemetry } from '../telemetry.ts'
import { deliverLane, type Item } from './deliver-lane.ts'
import { laneGate } from './lane-gate.ts'
import type { RequestBudget } from './request-budget.ts'

const LANE = 'main/unmatched'
const START = 1_000_000
const TAKEN = { kind: 'delivered' } as const
const NO = { kind: 'refused', code: '100400', words: 'not defined' } as const
const DOWN = { kind: 'unavailable', isInDoubt: false, words: 'no call is left' } as const
const WRONG_TOKEN = {
  kind: 'unauthorised',
  isRenewable: true,
  generation: 1,
  code: '100200',
  words: 'code 100200',
} as const

function item(uuid: string, eventKey = 'c_buy'): Item {
  return { name: `shop ${uuid}`, eventKey, bytes: 100, event: { uuid, eventKey, time: 0 } }
}

/** A lane between requests. A call takes 40 ms. */
function stage(answer: (uuids: string[]) => Outcome = () => TAKEN) {
  let clock = START
  const now = () => clock
  const random = () => 0.9
  const calls: string[][] = []
  const told: unknown[][] = []
  const telemetry: Telemetry = {
    log: () => {},
    count: (...counted) => told.push(counted),
    observe: (...observed) => told.push(observed),
  }
  const gate = laneGate({
    lane: LANE,
    credentials: credentialHalts(now, random),
    trials: new WeakMap(),
    telemetry,
    now,
    random,
  })
  return {
    gate,
    calls,
    told,
    pass: (ms: number) => void (clock += ms),
    haltLane(refusedKeys: string[] = []): Halt {
      gate.stops.haltLane('the lane is halted', refusedKeys)
      return gate.stops.lane ?? expect.unreachable()
    },
    /** One request. @param isUsedUp something was denied during its calls. */
    deliver(items: readonly Item[], isUsedUp = false) {
      const budget: RequestBudget = {
        left: 8,
        isUsedUp,
        take: () => true,
        settle: () => {},
        fetch: () => Promise.reject(new Error('no fetch is made here')),
      }
      const upstream = {
        credentials: 'main',
        send(events: readonly { uuid: string }[]) {
          const uuids = events.map(({ uuid }) => uuid)
          calls.push(uuids)
          clock += 40
          return Promise.resolve(answer(uuids))
        },
      }
      return deliverLane({ lane: LANE, gate, upstream, items, budget, reserve: 0, telemetry, now, random })
    },
  }
}

const uuidsOf = (items: readonly Item[]) => items.map(({ event }) => event.uuid)

describe('a lane that may not call', () => {
  it('says for how long, and is no trouble of another lane', async () => {
    const one = stage()
    one.haltLane()
    one.pass(300)
    const { delivered, refused, trouble } = await one.deliver([item('a')])
    expect([delivered, refused]).toEqual([[], []])
    expect(trouble).toEqual({ kind: 'closed', waitMs: 600, isWide: false })
    expect(one.calls).toEqual([])
  })

  it('cannot say for how long where another request is trying', async () => {
    const one = stage()
    const halted = one.haltLane()
    halted.hurry()
    const [, other] = await Promise.all([one.deliver([item('a')]), one.deliver([item('b')])])
    expect(other.trouble).toEqual({ kind: 'closed', waitMs: 0, isWide: false })
    expect(one.calls).toEqual([['a']])
  })
})

describe('the probe of a halt', () => {
  it('is the newest event of a key that was not refused in it, else any one', async () => {
    const items = [item('a', 'c_a'), item('b', 'c_b'), item('c', 'c_c')]
    const one = stage()
    one.haltLane(['c_c']).hurry()
    await one.deliver(items)
    expect(one.calls[0]).toEqual(['b'])
    const other = stage()
    other.haltLane(['c_a', 'c_b', 'c_c']).hurry()
    await other.deliver(items)
    expect(other.calls[0]).toEqual(['c'])
  })

  it('makes way for the next one when it has ended', async () => {
    const one = stage(() => NO)
    const halted = one.haltLane()
    for (const uuid of ['a', 'b']) {
      halted.hurry()
      await one.deliver([item(uuid)])
    }
    expect(one.calls).toEqual([['a'], ['b']])
  })
})

describe('where a call was denied to the request', () => {
  it.each([DOWN, WRONG_TOKEN])('$kind says nothing of the platform, and no lane goes on', async (outcome) => {
    const one = stage(() => outcome)
    const { trouble } = await one.deliver([item('a'), item('b')], true)
    expect(trouble).toEqual({ kind: 'calls used up', waitMs: undefined, isWide: true })
    expect([one.gate.stops.current('main'), one.gate.fuse.openUntil, one.told]).toEqual([undefined, 0, []])
  })

  it('any other answer counts as ever', async () => {
    const one = stage((uuids) => (uuids.includes('bad') ? NO : TAKEN))
    const { delivered, trouble } = await one.deliver([item('bad'), item('b')], true)
    expect([uuidsOf(delivered), trouble]).toEqual([['b'], undefined])
    expect(one.gate.evidence.suspects).toBe(1)
  })
})

describe('suspects that are left', () => {
  it('are due when the first of them is, in milliseconds from now', async () => {
    const one = stage((uuids) => (uuids[0]?.startsWith('bad') ? NO : TAKEN))
    await one.deliver([item('bad1')])
    one.pass(4000)
    await one.deliver([item('bad2'), item('bad1')])
    const end = await one.deliver([item('a'), item('bad2'), item('bad1')])
    // 10 s after the first refusal, of which the calls and the pause have gone by.
    expect(end).toMatchObject({ suspectsDueMs: 10_000 - 4000 - 2 * 40 })
    expect(one.calls).toEqual([['bad1'], ['bad2'], ['a']])
  })

  it('are no matter where there are none', async () => {
    expect(await stage().deliver([item('a')])).not.toHaveProperty('suspectsDueMs')
  })
})

it('an event has a print once it was called alone: without its time', async () => {
  const one = stage()
  const [a, b, later] = [item('a'), item('b'), item('a')]
  later.event.time = 7
  await one.deliver([a, b])
  expect([a.print, b.print]).toEqual([undefined, undefined])
  for (const alone of [a, b, later]) await one.deliver([alone])
  expect(a.print).toMatch(/^[0-9a-f]{64}$/)
  expect([b.print === a.print, later.print === a.print]).toEqual([false, true])
})

it('each call is counted and measured', async () => {
  const one = stage()
  await one.deliver([item('a'), item('b')])
  expect(one.told).toEqual([
    ['call', { lane: LANE }, 40],
    ['calls', { lane: LANE, outcome: 'delivered' }],
    ['delivered', { lane: LANE }, 2],
  ])
})
