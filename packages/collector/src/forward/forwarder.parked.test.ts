import { describe, expect, it } from 'vitest'
import type { DeadLetters } from '../queue/dead-letters.ts'
import { LANE, delivered, refusal, stage } from '../testing/forwarder-stage.ts'

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
})
