import { beforeEach, describe, expect, it } from 'vitest'
import { refusal } from '../testing/forwarder-stage.ts'
import { CREDENTIALS, lanePartsStage } from '../testing/lane-parts-stage.ts'
import type { Member } from './bisection.ts'
import { isAllRefused, judge, passed, readRefusal } from './judging.ts'

const bad = readRefusal(refusal)

let at: ReturnType<typeof lanePartsStage>
beforeEach(() => {
  at = lanePartsStage()
})

/** Puts this event into the lane, and takes it out alone. */
async function alone(uuid: string, eventKey = 'c_buy') {
  await at.put(`${uuid}:${eventKey}`)
  const lease = await at.lease()
  const line = lease.events[0] ?? ''
  const member: Member = { place: 0, line, event: JSON.parse(line) }
  return { lease, member }
}

/** An event is refused alone, so often. */
async function refuse(uuid: string, times = 1) {
  const one = await alone(uuid)
  for (let time = 0; time < times; time++) await judge(at.parts, one.lease, one.member, bad)
  return one
}

describe('an event that is refused alone', () => {
  it('comes back for another look, and is noted', async () => {
    const { lease } = await refuse('u1')
    expect(at.told).toEqual([{ lease: lease.id, places: [0], verdict: 'retry', afterMs: 0 }])
    expect(at.parts.known.suspect('u1')).toMatchObject({ refusals: 1, lease: lease.id })
    await at.parts.notes.keep()
    expect((await at.status())?.note).toContain('"uuid":"u1"')
  })

  it('for the last time is buried', async () => {
    const { lease, member } = await refuse('u1')
    at.parts.known.delivered([])
    at.pass(10_000)
    for (let times = 2; times <= 6; times++) await judge(at.parts, lease, member, bad)
    expect(at.told.at(-1)).toMatchObject({ lease: lease.id, places: [0], verdict: 'bury', attempts: 6 })
    expect(at.parts.known.suspect('u1')).toBeUndefined()
  })

  /** Eight, all leased before the first of them is refused. */
  const eight = async () => {
    const events: Awaited<ReturnType<typeof alone>>[] = []
    for (let i = 1; i <= 8; i++) events.push(await alone(`u${i}`))
    return events
  }

  it('as the eighth in a row halts the lane in the platform’s words, and comes back as it was', async () => {
    for (const { lease, member } of await eight()) {
      expect(isAllRefused(at.parts)).toBe(false)
      expect(at.parts.halts.lane).toBeUndefined()
      await judge(at.parts, lease, member, bad)
    }
    expect(at.told.at(-1)).toEqual({ lease: 8, verdict: 'retry', afterMs: 0 })
    expect(at.parts.halts.current(CREDENTIALS)?.words).toBe(`every event is refused: ${refusal.words}`)
    expect([...(at.parts.halts.lane?.refusedKeys ?? [])]).toEqual(['c_buy'])
  })

  it('right after a delivered probe halts nothing', async () => {
    at.parts.isSpared = true
    for (const { lease, member } of await eight()) await judge(at.parts, lease, member, bad)
    expect(at.parts.known.refusedInARow).toBe(8)
    expect(at.parts.halts.lane).toBeUndefined()
  })
})

describe('a delivery', () => {
  it('brings suspects back that waited for it alone: 10 s after their first refusal', async () => {
    const { lease } = await refuse('u1', 2)
    at.pass(3000)
    expect(passed(at.parts, [])).toEqual([{ lease: lease.id, verdict: 'retry', afterMs: 7000 }])
    expect(at.parts.known.deliveries).toBe(1)
  })

  it('at once where that is over', async () => {
    const { lease } = await refuse('u1', 2)
    at.pass(10_001)
    expect(passed(at.parts, [])).toEqual([{ lease: lease.id, verdict: 'retry', afterMs: 0 }])
  })

  it('once: they have their control then', async () => {
    await refuse('u1', 2)
    passed(at.parts, [])
    expect(passed(at.parts, [])).toEqual([])
  })

  it('leaves those alone that were refused once, and those of another life', async () => {
    const { member } = await alone('u2')
    await refuse('u1')
    for (let times = 0; times < 3; times++) at.parts.known.refusedAlone(member.event, bad)
    expect(passed(at.parts, [])).toEqual([])
  })

  it('of the suspect itself tells that its code means illness', async () => {
    const { member } = await refuse('u1')
    expect(passed(at.parts, [member])).toEqual([])
    expect(at.parts.known.isIll(bad.code)).toBe(true)
  })
})

it('a refusal for its size has the code of its status', () => {
  expect(readRefusal({ kind: 'tooLarge', words: 'HTTP 413' })).toEqual({
    code: 'http_413',
    words: 'HTTP 413',
    isSize: true,
  })
  expect(bad).toEqual({ code: refusal.code, words: refusal.words, isSize: false })
})
