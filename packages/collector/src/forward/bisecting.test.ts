import { beforeEach, describe, expect, it } from 'vitest'
import { delivered, down, refusal } from '../testing/forwarder-stage.ts'
import { CREDENTIALS, lanePartsStage } from '../testing/lane-parts-stage.ts'
import { bisecting, type Bisecting } from './bisecting.ts'
import type { Member } from './bisection.ts'
import { readRefusal } from './judging.ts'

const notFound = { kind: 'misconfigured', status: 404, words: 'not found' } as const
const bad = readRefusal(refusal)

let at: ReturnType<typeof lanePartsStage>
let bisections: Bisecting
beforeEach(() => {
  at = lanePartsStage()
  bisections = bisecting(at.parts)
})

/** A batch of these events was refused. */
async function refuse(...names: string[]): Promise<void> {
  await at.put(...names)
  const lease = await at.lease()
  const members = lease.events.map((line, place): Member => ({ place, line, event: JSON.parse(line) }))
  bisections.add({ lease, leasedAt: at.now(), members, refusal: bad })
}

/** Makes the next call, and gives its events. */
async function goOn(): Promise<string[] | undefined> {
  const before = at.sent.length
  await bisections.goOn(at.upstream)
  return at.sent[before]?.uuids
}

const names = (count: number, prefix = 'u') => Array.from({ length: count }, (_, i) => `${prefix}${i}`)

it('has nothing to do without a refused batch', async () => {
  expect(bisections).toMatchObject({ isReady: false, isUndecided: false, holds: false })
  expect(await goOn()).toBeUndefined()
  expect(at.told).toEqual([])
})

describe('a refused batch', () => {
  it('is called in pieces, one at a time, until each event is done', async () => {
    await refuse(...names(4))
    expect(bisections).toMatchObject({ isReady: true, isUndecided: false, holds: true })
    expect(await goOn()).toHaveLength(2)
    expect(bisections).toMatchObject({ isReady: false, isUndecided: true, holds: true })
    await at.answer(delivered)
    expect(bisections).toMatchObject({ isReady: true, isUndecided: false, holds: true })
    expect(await goOn()).toHaveLength(1)
    await at.answer(refusal)
    expect(await goOn()).toHaveLength(1)
    await at.answer(delivered)
    expect(await goOn()).toBeUndefined()
    expect(bisections.holds).toBe(false)
    // One waits to be looked at again.
    expect(await at.status()).toMatchObject({ events: 1, ready: 0 })
    expect(at.parts.calls.inFlight).toBe(0)
  })

  it('waits for the one before it', async () => {
    await refuse(...names(2))
    await refuse(...names(2, 'v'))
    const order: (string[] | undefined)[] = []
    for (let call = 0; call < 6; call++) {
      order.push(await goOn())
      await at.answer(delivered)
    }
    expect(order.map((uuids) => uuids?.[0]?.charAt(0))).toEqual(['u', 'u', undefined, 'v', 'v', undefined])
    expect(bisections.holds).toBe(false)
  })

  it('at whose end the next one is refused is spared no halt any more', async () => {
    at.parts.isSpared = true
    await refuse(...names(2))
    await goOn()
    await at.answer(refusal)
    await goOn()
    expect(at.parts.isSpared).toBe(true)
    await at.answer(refusal)
    expect(await goOn()).toBeUndefined()
    expect(at.parts.isSpared).toBe(false)
  })
})

describe('eight events refused alone and none delivered', () => {
  const refuseAll = async () => {
    for (let call = 0; call < 30 && !at.parts.halts.lane; call++) {
      await goOn()
      await at.answer(refusal)
    }
  }

  it('halt the lane, in the platform’s words and knowing the keys, and are put together again', async () => {
    await refuse(...names(20).map((uuid, i) => `${uuid}:c_${i % 3}`))
    await refuse(...names(5, 'v'))
    await refuseAll()
    expect(at.parts.halts.lane?.words).toBe(`every event is refused: ${refusal.words}`)
    expect(new Set(at.parts.halts.lane?.refusedKeys)).toEqual(new Set(['c_0', 'c_1', 'c_2']))
    expect(bisections.holds).toBe(true)
    await bisections.giveAllBack()
    expect(bisections.holds).toBe(false)
    expect(at.told.toSorted((one, other) => one.lease - other.lease)).toEqual([
      { lease: 1, verdict: 'retry', afterMs: 0 },
      { lease: 2, verdict: 'retry', afterMs: 0 },
    ])
    const back = [await at.lease(), await at.lease()].map(({ events }) => events.length)
    expect(back.toSorted((one, other) => one - other)).toEqual([5, 20])
  })

  it('right after a delivered probe are bisected to the end', async () => {
    at.parts.isSpared = true
    await refuse(...names(20))
    await refuseAll()
    expect(at.parts.halts.lane).toBeUndefined()
    expect(bisections.holds).toBe(false)
  })

  it('after something has passed are no halt', async () => {
    await refuse(...names(20))
    expect(await goOn()).toHaveLength(10)
    await at.answer(delivered)
    await refuseAll()
    expect(at.parts.halts.lane).toBeUndefined()
    expect(await at.status()).toMatchObject({ events: 10 })
  })
})

describe('a bisection ends in its midst, each piece keeping its place', () => {
  beforeEach(async () => {
    await refuse(...names(8))
    await goOn()
    await at.answer(delivered)
    // The other half must hold what was refused: its quarters are next.
    expect(await goOn()).toHaveLength(2)
  })

  const pieces = () => at.told.filter(({ verdict }) => verdict === 'retry').map(({ places }) => places?.length)

  it('where the upstream is down: they come back after its back-off', async () => {
    await at.answer({ ...down, retryAfterMs: 30_000 })
    expect(bisections.holds).toBe(false)
    expect(pieces()).toEqual([2, 2])
    expect(at.told.at(-1)).toMatchObject({ afterMs: 30_000 })
    expect(at.parts.calls.nextAt).toBe(at.now() + 30_000)
  })

  it('where the address or the credentials are wrong: they come back at once, behind a halt', async () => {
    await at.answer(notFound)
    expect(bisections.holds).toBe(false)
    expect(at.parts.halts.current(CREDENTIALS)?.words).toBe('not found')
    expect(at.told.slice(-2)).toMatchObject([{ afterMs: 0 }, { afterMs: 0 }])
    expect(pieces()).toEqual([2, 2])
  })

  it('where a halt began elsewhere: the call under way is waited for', async () => {
    await bisections.giveAllBack()
    expect(bisections.holds).toBe(true)
    expect(pieces()).toEqual([])
    await at.answer(delivered)
    await bisections.giveAllBack()
    expect(bisections.holds).toBe(false)
    expect(pieces()).toEqual([2])
  })

  it('where its lease grows old: a call could outlive it', async () => {
    await at.answer(delivered)
    at.pass(35_001)
    expect(await goOn()).toBeUndefined()
    expect(bisections.holds).toBe(false)
    expect(pieces()).toEqual([2])
  })

  it('but not before', async () => {
    await at.answer(delivered)
    at.pass(35_000)
    expect(await goOn()).toHaveLength(1)
  })
})

it('a batch that waited too long for its turn comes back as it was', async () => {
  await refuse(...names(2))
  at.pass(20_000)
  await refuse(...names(3, 'v'))
  at.pass(15_001)
  expect(await goOn()).toHaveLength(1)
  expect(at.sent.at(-1)?.uuids[0]?.charAt(0)).toBe('v')
  expect(at.told).toEqual([{ lease: 1, verdict: 'retry', afterMs: 0 }])
})

it('keeps what it learns for another life', async () => {
  await refuse(...names(2))
  await goOn()
  await at.answer(refusal)
  await at.parts.notes.keep()
  expect((await at.status())?.note).toMatch(/"suspects":\[\{"uuid":"u[01]"/)
})

it('a piece that fails in itself is no outcome', async () => {
  await refuse(...names(2))
  await bisections.goOn({ ...at.upstream, send: () => Promise.reject(new Error('a bug')) })
  await at.settle()
  expect(at.troubles).toHaveLength(1)
})
