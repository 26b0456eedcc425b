import { describe, expect, it } from 'vitest'
import { LANE, sqlStage } from '../testing/sql-stage.ts'
import { uuidsOf } from './conformance.ts'
import type { Lease } from './ports.ts'

describe('a pack of five events', () => {
  const stage = sqlStage()
  const { count, entries, lease } = stage
  const ack = (held: Lease | undefined) => stage.queue.settle([{ lease: held?.id ?? 0, verdict: 'ack' }])
  const take = (events: number) => lease({ events, bytes: 10_000 })
  const probe = () => stage.queue.leaseProbe(LANE, [], 60_000)
  const put = (from = 0, to = 5) => stage.queue.enqueue('s', entries(from, to))
  const rows = () => [count('packs'), count('settled')]

  it('is gone once all of them are settled, a part at a time', async () => {
    await put()
    for (const left of [
      [1, 1],
      [1, 2],
      [0, 0],
    ]) {
      await ack(await take(2))
      expect(rows()).toEqual(left)
    }
  })

  it('is gone all the same where a part could not be settled at first', async () => {
    await put()
    const part = await take(2)
    stage.disk.failAt('COMMIT')
    await expect(ack(part)).rejects.toThrow('disk I/O')
    stage.disk.failAt(undefined)
    await ack(part)
    expect(rows()).toEqual([1, 1])
    await ack(await take(3))
    expect(rows()).toEqual([0, 0])
  })

  it('is gone all the same where a probe took one of them out of its midst', async () => {
    await put()
    await ack(await take(2))
    const probed = await probe()
    expect(uuidsOf(probed)).toEqual(['order-4'])
    await ack(probed)
    const rest = await take(5)
    expect(uuidsOf(rest)).toEqual(['order-2', 'order-3'])
    await ack(rest)
    expect(rows()).toEqual([0, 0])
  })

  it('is gone all the same over a restart in the midst of it', async () => {
    await put()
    await ack(await take(2))
    await stage.reopen()
    await ack(await probe())
    const rest = await take(5)
    expect(uuidsOf(rest)).toEqual(['order-2', 'order-3'])
    await ack(rest)
    expect(rows()).toEqual([0, 0])
  })

  it('gives a probe none that is leased already', async () => {
    await put()
    await take(3)
    expect([uuidsOf(await probe()), uuidsOf(await probe())]).toEqual([['order-4'], ['order-3']])
    expect(await probe()).toBeUndefined()
  })

  it('all taken by probes has nothing that is ready, and does not stand in the way of the next', async () => {
    await put(0, 2)
    await probe()
    await probe()
    for (let look = 0; look < 2; look++) {
      expect((await stage.queue.lanes())[0]).toMatchObject({ events: 2, ready: 0 })
      expect((await stage.queue.lanes())[0]?.oldestReadyAt).toBeUndefined()
    }
    stage.clock += 5
    await put(2, 4)
    expect((await stage.queue.lanes())[0]).toMatchObject({ ready: 2, oldestReadyAt: stage.clock })
    expect(uuidsOf(await take(5))).toEqual(['order-2', 'order-3'])
  })
})

describe('a commit that fails', () => {
  const stage = sqlStage({ limits: { bytes: 100 } })
  const entry = (uuid: string, bytes: number) => ({ uuid, lane: LANE, json: `{"uuid":"${uuid}"}`, bytes })

  it('leaves as much room as there was', async () => {
    stage.disk.failAt('COMMIT')
    await expect(stage.queue.enqueue('s', [entry('a', 60)])).rejects.toThrow('disk I/O')
    stage.disk.failAt(undefined)
    expect(await stage.queue.enqueue('s', [entry('b', 60), entry('c', 40)])).toEqual({ fresh: 2, repeated: 0 })
    await expect(stage.queue.enqueue('s', [entry('d', 1)])).rejects.toThrow('it holds 100 bytes of at most 100')
  })

  it('for a bound counts the bytes that came with it', async () => {
    const results = await Promise.allSettled([
      stage.queue.enqueue('s', [entry('a', 60)]),
      stage.queue.enqueue('s', [entry('b', 50)]),
      stage.queue.enqueue('s', [entry('c', 40)]),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })
})
