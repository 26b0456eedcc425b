import { describe, expect, it } from 'vitest'
import type { Outcome } from '@warren/rabbitpre'
import type { DeadLetters } from '../queue/dead-letters.ts'
import { delivered, down, LANE, refusal, stage, START } from '../testing/forwarder-stage.ts'

/** A lane that has parked the key `c_new`, with what its dead letters are to fail with. */
async function parked(wrapDead?: (dead: DeadLetters) => DeadLetters) {
  const at = stage(undefined, wrapDead)
  at.set({ random: 0.5, script: ({ keys }) => (keys.includes('c_new') ? refusal : delivered) })
  for (let second = 0; second < 60; second++) {
    await at.put(95, `g${second}-`, LANE, 10, 'c_good')
    await at.put(5, `n${second}-`, LANE, 10, 'c_new')
    await at.until(second * 1000)
  }
  await at.until(90_000)
  expect(at.stateOf()).toMatchObject({ parkedKeys: ['c_new'], events: 0 })
  expect(await dead(at)).toBe(300)
  return at
}

const dead = async ({ queue }: ReturnType<typeof stage>) => (await queue.dead.totals())[0]?.events ?? 0

/** Events of the key that were sent from this call on, and how many of them there are. */
function sent({ calls }: ReturnType<typeof stage>, from: number) {
  const uuids = calls.slice(from).flatMap(({ uuids, keys }) => uuids.filter((_, i) => keys[i] === 'c_new'))
  return { events: uuids.length, different: new Set(uuids).size }
}

describe('a parked key', () => {
  it('stays parked over a restart, is tried all the same, and comes back when one passes', async () => {
    const at = await parked()
    await at.restart()
    const before = at.calls.length
    await at.put(500, 'more', LANE, 10, 'c_new')
    await at.until(91_000)
    expect(at.stateOf()).toMatchObject({ parkedKeys: ['c_new'] })
    expect(await dead(at)).toBe(800)
    // Without calls, but for its try.
    expect(sent(at, before).events).toBeLessThanOrEqual(1)
    at.set({ script: () => delivered })
    const well = at.calls.length
    await at.until(400_000)
    expect(await dead(at)).toBe(0)
    expect(await at.left()).toBe(0)
    expect(sent(at, well)).toEqual({ events: 800, different: 800 })
    expect(at.counted.filter((line) => line.startsWith('revived'))).toEqual([
      `revived ${LANE} 500`,
      `revived ${LANE} 299`,
    ])
    const words = 'an event of a parked key was delivered; the others come back'
    expect(at.logs.filter((line) => line.startsWith(words))).toEqual([
      `${words} ${JSON.stringify({ lane: LANE, eventKey: 'c_new', code: refusal.code, words: refusal.words })}`,
    ])
    // Nothing of it has failed.
    expect(at.logs.filter((line) => line.includes('failed'))).toEqual([])
    expect(at.stateOf()?.parkedKeys).toBeUndefined()
  })

  it('that was coming back when the process ended comes back in the next', async () => {
    const at = await parked((letters) => {
      let pages = 0
      return { ...letters, revive: (ids) => (++pages === 1 ? Promise.reject(new Error('I/O')) : letters.revive(ids)) }
    })
    at.set({ script: () => delivered })
    const well = at.calls.length
    while (at.calls.length === well) await at.until(at.next() + 1)
    expect(await dead(at)).toBe(299)
    await at.restart()
    await at.until(600_000)
    expect(await dead(at)).toBe(0)
    expect(await at.left()).toBe(0)
    expect(sent(at, well)).toEqual({ events: 300, different: 300 })
  })

  it('whose delivered letter cannot be taken out is told so again, and that letter is not sent twice', async () => {
    let failures = 5
    const at = await parked((letters) => ({
      ...letters,
      discard: (ids) => (failures-- > 0 ? Promise.reject(new Error('disk full')) : letters.discard(ids)),
    }))
    at.set({ script: () => delivered })
    const well = at.calls.length
    await at.until(600_000)
    expect(failures).toBeLessThan(0)
    expect(await dead(at)).toBe(0)
    expect(sent(at, well)).toEqual({ events: 300, different: 300 })
    expect(await at.left()).toBe(0)
  })

  it('is told when it is parked and when its events come back, once each, with the refusal', async () => {
    const { put, until, set, stateOf, logs } = stage()
    let isDefined = false
    set({ random: 0.5, script: ({ keys }) => (!isDefined && keys.includes('c_new') ? refusal : delivered) })
    for (let second = 0; second < 40; second++) {
      await put(20, `n${second}-`, LANE, 10, 'c_new')
      await put(100, `g${second}-`, LANE, 10, 'c_good')
      await until(second * 1000)
    }
    expect(stateOf()).toMatchObject({ parkedKeys: ['c_new'] })
    const fields = JSON.stringify({ lane: LANE, eventKey: 'c_new', code: refusal.code, words: refusal.words })
    const told = () => logs.filter((line) => line.includes('parked key') || line.includes('is parked'))
    expect(told()).toEqual([
      `a key is parked: its events become dead letters without a call until one of them passes ${fields}`,
    ])
    isDefined = true
    await until(200_000)
    expect(told().slice(1)).toEqual([`an event of a parked key was delivered; the others come back ${fields}`])
  })

  /** Lets the next try of its letters come to this, and a little time pass. */
  async function tryLetter(at: Awaited<ReturnType<typeof parked>>, outcome: Outcome) {
    const before = at.calls.length
    at.set({ script: () => outcome })
    while (at.calls.length === before) await at.until(at.next() + 1)
    expect(at.calls.at(-1)?.keys).toEqual(['c_new'])
    return () => sent(at, before).events
  }

  it('that is refused again in other words is parked with those', async () => {
    const at = await parked()
    await tryLetter(at, { ...refusal, words: 'still unknown' })
    await at.put(1, 'later', LANE, 10, 'c_new')
    await at.until(at.now() - START + 1000)
    expect((await at.queue.dead.list({}, { limit: 1 })).letters).toMatchObject([
      { uuid: 'later0', words: 'still unknown' },
    ])
    expect(at.stateOf()).toMatchObject({ state: 'idle', parkedKeys: ['c_new'] })
  })

  it.each<[string, Outcome, string, string]>([
    ['is too large', { kind: 'tooLarge', words: 'HTTP 413' }, 'idle', 'HTTP 413'],
    ['is not answered', { ...down, retryAfterMs: 30_000 }, 'waiting', down.words],
    ['finds the address wrong', { kind: 'misconfigured', status: 404, words: 'not found' }, 'halted', 'not found'],
    [
      'finds the token refused',
      { kind: 'unauthorised', isRenewable: true, generation: 1, code: '100200', words: 'token' },
      'halted',
      'token',
    ],
  ])('whose try %s is as any call of the lane, and stays parked', async (_, outcome, state, words) => {
    const at = await parked()
    const tries = await tryLetter(at, outcome)
    await at.settle()
    expect(at.stateOf()).toMatchObject({ state, words, parkedKeys: ['c_new'] })
    expect([tries(), await dead(at)]).toEqual([1, 300])
  })

  it('that has come back is called with the others', async () => {
    const at = await parked()
    await tryLetter(at, delivered)
    await at.until(at.now() - START + 60_000)
    expect(at.stateOf()?.parkedKeys).toBeUndefined()
    // Its events are called with the others again.
    await at.put(5, 'later', LANE, 10, 'c_new')
    await at.put(495, 'good', LANE, 10, 'c_good')
    await at.until(at.now() - START)
    expect(at.calls.at(-1)?.uuids).toHaveLength(500)
  })
})
