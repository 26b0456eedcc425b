import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { entry } from '../queue/conformance.ts'
import { objectStorage, openMachine, type TestStorage } from '../testing/object-stage.ts'

const START = Date.UTC(2026, 0, 1)
const LANE = 'default/unmatched'
const DELIVERED = { code: '200', errorCode: '200', msg: '' }

let object: TestStorage
/** What the platform answers. */
let answer: () => Promise<Response>
beforeEach(() => {
  vi.useFakeTimers({ now: START })
  vi.spyOn(console, 'error').mockImplementation(() => {})
  vi.stubGlobal('fetch', () => answer())
  object = objectStorage()
  answer = () => Promise.resolve(Response.json(DELIVERED))
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  object.close()
})

/** Lets timers run until this has ended. */
async function ended<Result>(work: Promise<Result>, withinMs = 0): Promise<Result> {
  await vi.advanceTimersByTimeAsync(withinMs)
  return work
}

const entries = (count: number) => Array.from({ length: count }, (_, i) => ({ ...entry(`u${i}`), lane: LANE }))
const open = (config: object = {}) => openMachine(object.storage, config)

describe('queueMachine', () => {
  it('tells of a halt in the next life of its object, before that has called anyone', async () => {
    answer = () => Promise.resolve(new Response('', { status: 404 }))
    const first = await open()
    await ended(first.keep('shop', entries(3), {}))
    await ended(Promise.resolve(), 1000)
    await ended(first.alarm())
    const [before] = (await first.look()).lanes
    expect(before).toMatchObject({ lane: LANE, state: 'halted', events: 3 })

    const next = await open()
    const { lanes, tally } = await next.look()
    expect(lanes).toEqual([
      { lane: LANE, state: 'halted', events: 3, words: before?.words, haltedSince: before?.haltedSince },
    ])
    expect(tally[`warren_lane_halted{lane="${LANE}"}`]).toBe(1)
  })

  it('keeps its counts, also where forwarding does not end', async () => {
    answer = () => new Promise((resolve) => setTimeout(() => resolve(Response.json(DELIVERED)), 5000))
    const machine = await open({ destinations: { default: { credentials: 'environment', maxCallEvents: 1 } } })
    await ended(machine.keep('shop', entries(500), { 'warren_batches_total{source="shop",status="200"}': 1 }))
    await ended(machine.alarm(), 5 * 60_000)
    expect((await machine.look()).lanes[0]).toMatchObject({ state: 'calling' })
    expect(object.values.get('tally')).toMatchObject({
      'warren_batches_total{source="shop",status="200"}': 1,
      [`warren_delivered_total{lane="${LANE}"}`]: expect.any(Number),
    })
  })

  it('counts what comes with a batch once, where the sender comes again because the first time failed', async () => {
    const machine = await open()
    const { transactionSync } = object.storage
    object.storage.transactionSync = () => {
      throw new Error('no storage')
    }
    const failed = machine.keep('shop', entries(1), { seen: 1 })
    await ended(expect(failed).rejects.toThrow('no storage'))
    object.storage.transactionSync = transactionSync
    await ended(machine.keep('shop', entries(1), { seen: 1 }))
    expect((await machine.look()).tally['seen']).toBe(1)
  })
})
