import { beforeEach, describe, expect, it } from 'vitest'
import type { DeadLetter, DeadLetters } from '../queue/dead-letters.ts'
import { memoryQueue } from '../queue/memory.ts'
import type { EventQueue } from '../queue/ports.ts'
import { CODE, event, refusalsStage } from '../testing/refusals-stage.ts'
import { parkedKeys, type ParkedKeys } from './parked-keys.ts'

const LANE = 'a/unmatched'
const MINUTE_MS = 60_000
let at: ReturnType<typeof refusalsStage>
let queue: EventQueue & { dead: DeadLetters }
let revived: number
/** From now on so many of these calls to the dead letters fail. */
let failures: { discard: number; revive: number }
/** What was asked to be taken out. */
let discarded: number[]
let parked: ParkedKeys
beforeEach(() => {
  at = refusalsStage()
  queue = memoryQueue({ now: () => at.clock })
  revived = 0
  discarded = []
  failures = { discard: 0, revive: 0 }
  const dead: DeadLetters = {
    ...queue.dead,
    discard(ids) {
      if (failures.discard-- > 0) return Promise.reject(new Error('disk full'))
      discarded.push(...ids)
      return queue.dead.discard(ids)
    },
    revive: (letters) => (failures.revive-- > 0 ? Promise.reject(new Error('disk full')) : queue.dead.revive(letters)),
  }
  const options = { lane: LANE, dead, now: () => at.clock, onRevived: (events: number) => void (revived += events) }
  parked = parkedKeys(options, at.known)
})

function park(eventKey: string, probeAt = at.clock + MINUTE_MS): void {
  at.known.parked.set(eventKey, { code: CODE, words: 'bad', probeAt, isReviving: false })
}

/** So many dead letters, of this key and this code. */
async function die(count: number, eventKey: string, code = CODE, lane = LANE): Promise<void> {
  const entries = Array.from({ length: count }, (_, i) => {
    const json = JSON.stringify(event(`${eventKey}-${code}-${lane}-${i}`, eventKey))
    return { uuid: `${eventKey}-${code}-${lane}-${i}`, lane, json, bytes: json.length }
  })
  await queue.enqueue('s', entries)
  const lease = await queue.lease(lane, { events: 5000, bytes: 10_000_000 }, 1000)
  await queue.settle([
    { lease: lease?.id ?? 0, verdict: 'bury', reason: 'key_refused', code, words: 'bad', attempts: 0 },
  ])
}

/** The letter that is tried when its minute is over. */
async function tried(): Promise<DeadLetter> {
  at.clock += MINUTE_MS
  const letter = await parked.due()
  if (!letter || letter === 'more') throw new Error('no letter')
  return letter
}

const letters = async () => (await queue.dead.totals()).reduce((sum, { events }) => sum + events, 0)
const ready = async (lane = LANE) => (await queue.lanes()).find((one) => one.lane === lane)?.ready ?? 0

describe('a parked key', () => {
  it('has nothing to do for a minute, and says when', async () => {
    expect(parked.nextAt()).toBeUndefined()
    park('c_a')
    park('c_b', at.clock + 30_000)
    await die(1, 'c_a')
    expect(await parked.due()).toBeUndefined()
    expect(parked.nextAt()).toBe(at.clock + 30_000)
  })

  it('is tried then with its newest dead letter, and again a minute later', async () => {
    park('c_a')
    await die(3, 'c_a')
    await die(1, 'c_a', '100500')
    await die(1, 'c_a', CODE, 'b/unmatched')
    await die(1, 'c_b')
    at.clock += MINUTE_MS
    expect(await parked.due()).toMatchObject({ eventKey: 'c_a', code: CODE, lane: LANE, uuid: `c_a-${CODE}-${LANE}-2` })
    expect(await parked.due()).toBeUndefined()
    expect(parked.nextAt()).toBe(at.clock + MINUTE_MS)
    at.clock += MINUTE_MS - 1
    expect(await parked.due()).toBeUndefined()
    at.clock += 1
    expect(await parked.due()).toMatchObject({ eventKey: 'c_a' })
  })

  it('that is refused again stays parked, with the new words', async () => {
    park('c_a')
    await die(1, 'c_a')
    const letter = await tried()
    parked.refused(letter, 'still unknown')
    expect(at.known.parked.get('c_a')).toMatchObject({ words: 'still unknown', isReviving: false })
    expect(await letters()).toBe(1)
  })

  it('with no dead letter left is parked no more; the next one is looked at', async () => {
    park('c_a')
    park('c_b')
    await die(1, 'c_b')
    at.clock += MINUTE_MS
    expect(await parked.due()).toMatchObject({ eventKey: 'c_b' })
    expect([...at.known.parked.keys()]).toEqual(['c_b'])
  })
})

describe('the first to pass', () => {
  /** The letter that was tried, and was delivered. */
  async function pass(eventKey: string): Promise<void> {
    const letter = await tried()
    expect(letter.eventKey).toBe(eventKey)
    await parked.passed(letter)
  }

  it('leaves the dead letters and brings all the others back, page by page, at once', async () => {
    park('c_a')
    await die(1200, 'c_a')
    await die(1, 'c_b')
    await pass('c_a')
    expect(await letters()).toBe(1200)
    expect(parked.nextAt()).toBe(0)
    for (const after of [700, 200, 1]) {
      expect(await parked.due()).toBe('more')
      expect(await letters()).toBe(after)
    }
    expect(revived).toBe(1199)
    expect(await ready()).toBe(1199)
    expect(discarded).toHaveLength(1)
    // An empty page tells that it is over.
    expect(await parked.due()).toBe('more')
    expect(at.known.parked.size).toBe(0)
    expect(await parked.due()).toBeUndefined()
    expect(parked.nextAt()).toBeUndefined()
  })

  it('goes before another key is tried', async () => {
    park('c_a')
    park('c_b')
    await die(2, 'c_a')
    await die(1, 'c_b')
    await pass('c_a')
    expect([await parked.due(), await parked.due()]).toEqual(['more', 'more'])
    expect(await parked.due()).toMatchObject({ eventKey: 'c_b' })
  })

  it('is taken out before anything is revived, where that failed: it does not go twice', async () => {
    park('c_a')
    await die(3, 'c_a')
    failures.discard = 2
    await expect(pass('c_a')).rejects.toThrow('disk full')
    await expect(parked.due()).rejects.toThrow('disk full')
    expect(await ready()).toBe(0)
    expect(await parked.due()).toBe('more')
    expect([await letters(), await ready(), revived]).toEqual([0, 2, 2])
  })

  it('revives what could not be revived as soon as it can', async () => {
    park('c_a')
    await die(3, 'c_a')
    await pass('c_a')
    failures.revive = 1
    await expect(parked.due()).rejects.toThrow('disk full')
    expect([await letters(), revived]).toEqual([2, 0])
    expect(await parked.due()).toBe('more')
    expect([await letters(), revived]).toEqual([0, 2])
  })

  it('of a key that is parked no more is taken out all the same', async () => {
    park('c_a')
    await die(2, 'c_a')
    const letter = await tried()
    at.known.parked.delete('c_a')
    await parked.passed(letter)
    parked.refused(letter, 'of no use')
    expect(await letters()).toBe(1)
    expect(await parked.due()).toBeUndefined()
  })
})
