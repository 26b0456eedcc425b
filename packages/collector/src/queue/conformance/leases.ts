import { describe, expect, it } from 'vitest'
import type { QueueEntry, Settlement } from '../ports.ts'
import { type ConformanceStage, entry, MINUTE_MS, PLENTY, uuidsOf } from './stage.ts'

/** What a lease hands out, how it is settled, and how it comes back. */
export function leaseConformance(stage: ConformanceStage): void {
  const { ack, lease, status, take } = stage

  describe('a lease', () => {
    it('keeps to its events and its bytes, in the order of the lane', async () => {
      const entries = ['1', '2', '3', '4', '5'].map((uuid) => entry(uuid))
      const [{ bytes }] = entries as [QueueEntry]
      for (const one of entries) await stage.queue.enqueue('s', [one])
      expect(uuidsOf(await lease(1000, { events: 2, bytes: 10_000 }))).toEqual(['1', '2'])
      expect(uuidsOf(await lease(1000, { events: 9, bytes: 2 * bytes }))).toEqual(['3', '4'])
      expect(uuidsOf(await lease(1000, { events: 9, bytes: 2 * bytes - 1 }))).toEqual(['5'])
      expect(await lease()).toBeUndefined()
    })

    it('holds at least one event, however large', async () => {
      await stage.queue.enqueue('s', [entry('1', 'a/unmatched', 'x'.repeat(1000)), entry('2')])
      expect(uuidsOf(await lease(1000, { events: 9, bytes: 10 }))).toEqual(['1'])
      expect(uuidsOf(await lease(1000, { events: 9, bytes: 10 }))).toEqual(['2'])
    })

    it('cuts what one request brought, and joins what many did', async () => {
      await stage.queue.enqueue(
        's',
        Array.from({ length: 7 }, (_, i) => entry(`${i}`)),
      )
      for (let i = 7; i < 12; i++) await stage.queue.enqueue('s', [entry(`${i}`)])
      const max = { events: 5, bytes: 10_000 }
      expect(uuidsOf(await lease(1000, max))).toEqual(['0', '1', '2', '3', '4'])
      expect(uuidsOf(await lease(1000, max))).toEqual(['5', '6', '7', '8', '9'])
      expect(uuidsOf(await lease(1000, max))).toEqual(['10', '11'])
    })

    it('comes back together when it ends, and says how often', async () => {
      await stage.queue.enqueue('s', [entry('1'), entry('2')])
      expect(await lease(1000)).toMatchObject({ returns: 0 })
      await stage.queue.enqueue('s', [entry('3')])
      stage.clock += 999
      expect(uuidsOf(await lease(1000, { events: 1, bytes: 1 }))).toEqual(['3'])
      stage.clock += 1
      // Whatever the limits say: the same call has the same events.
      const again = await lease(1000, { events: 1, bytes: 1 })
      expect(uuidsOf(again)).toEqual(['1', '2'])
      expect(again).toMatchObject({ returns: 1 })
      stage.clock += 1000
      const [one, other] = [await lease(), await lease()]
      expect(new Set([one?.returns, other?.returns])).toEqual(new Set([1, 2]))
    })

    it('acknowledges what is named, by its place, and the rest comes back', async () => {
      await stage.queue.enqueue(
        's',
        ['1', '2', '3', '4'].map((uuid) => entry(uuid)),
      )
      const first = await lease(1000)
      await ack(first, [1, 3])
      await ack(first, [1])
      expect(await status()).toMatchObject({ events: 2, ready: 0 })
      stage.clock += 1000
      const second = await lease(1000)
      expect(uuidsOf(second)).toEqual(['1', '3'])
      // Places count in the lease at hand.
      await ack(second, [1])
      stage.clock += 1000
      expect(uuidsOf(await lease())).toEqual(['1'])
      expect(await status()).toMatchObject({ events: 1, ready: 0 })
    })

    it('that has ended still tells the truth', async () => {
      await stage.queue.enqueue('s', [entry('1'), entry('2')])
      const first = await lease(1000)
      stage.clock += 1000
      const second = await lease(1000)
      expect(uuidsOf(second)).toEqual(['1', '2'])
      await ack(first, [0])
      expect(await status()).toMatchObject({ events: 1, ready: 0 })
      // Its word on what is leased anew counts no more.
      await stage.queue.settle([{ lease: first?.id ?? 0, verdict: 'retry', afterMs: 1 }])
      stage.clock += 1
      expect(await lease()).toBeUndefined()
      await ack(second)
      await ack(second)
      await ack(first)
      expect(await status()).toMatchObject({ events: 0, bytes: 0, ready: 0, readyBytes: 0 })
      stage.clock += MINUTE_MS
      expect(await lease()).toBeUndefined()
    })

    it('sends nothing back that is leased anew, not a part either', async () => {
      await stage.queue.enqueue(
        's',
        ['0', '1', '2'].map((uuid) => entry(uuid)),
      )
      const first = await lease(1000)
      stage.clock += 1000
      const second = await lease(10_000)
      await stage.queue.settle([{ lease: first?.id ?? 0, verdict: 'retry', places: [1], afterMs: 0 }])
      expect(await lease()).toBeUndefined()
      expect(await status()).toMatchObject({ events: 3, ready: 0, returnedDueAt: stage.clock + 10_000 })
      await ack(second)
      expect(await status()).toEqual({ lane: 'a/unmatched', events: 0, bytes: 0, ready: 0, readyBytes: 0 })
    })

    it('settles wholly through an earlier one: nothing comes back', async () => {
      await stage.queue.enqueue('s', [entry('1')])
      const first = await lease(1000)
      stage.clock += 1000
      await lease(1000)
      await ack(first)
      stage.clock += 1000
      expect(await lease()).toBeUndefined()
      expect(await status()).toEqual({ lane: 'a/unmatched', events: 0, bytes: 0, ready: 0, readyBytes: 0 })
    })

    it.each<[string, (id: number) => Settlement[]]>([
      [
        'ack some, retry the rest',
        (id) => [
          { lease: id, verdict: 'ack', places: [0, 2] },
          { lease: id, verdict: 'retry', afterMs: 5 },
        ],
      ],
      [
        'retry some, ack the rest',
        (id) => [
          { lease: id, verdict: 'retry', places: [1, 3], afterMs: 5 },
          { lease: id, verdict: 'ack' },
        ],
      ],
      [
        'ack the rest, retry some',
        (id) => [
          { lease: id, verdict: 'ack' },
          { lease: id, verdict: 'retry', places: [1, 3], afterMs: 5 },
        ],
      ],
    ])('settles in one step: %s', async (_, settlements) => {
      await stage.queue.enqueue(
        's',
        ['0', '1', '2', '3'].map((uuid) => entry(uuid)),
      )
      const first = await lease()
      await stage.queue.settle(settlements(first?.id ?? 0))
      expect(await status()).toMatchObject({ events: 2, ready: 0, returnedDueAt: stage.clock + 5 })
      stage.clock += 4
      expect(await lease()).toBeUndefined()
      stage.clock += 1
      const second = await lease()
      expect(uuidsOf(second)).toEqual(['1', '3'])
      await ack(second)
      expect(await status()).toEqual({ lane: 'a/unmatched', events: 0, bytes: 0, ready: 0, readyBytes: 0 })
    })

    it('sends a part back on a way of its own', async () => {
      await stage.queue.enqueue(
        's',
        ['0', '1', '2', '3'].map((uuid) => entry(uuid)),
      )
      const first = await lease(1000)
      await stage.queue.settle([{ lease: first?.id ?? 0, verdict: 'retry', places: [0, 1], afterMs: 10 }])
      await stage.queue.settle([{ lease: first?.id ?? 0, verdict: 'retry', places: [2], afterMs: 20 }])
      stage.clock += 10
      expect(uuidsOf(await lease(10_000))).toEqual(['0', '1'])
      stage.clock += 10
      expect(uuidsOf(await lease(10_000))).toEqual(['2'])
      // An ack of all that is left, and one by name of what went on.
      await ack(first)
      expect(await status()).toMatchObject({ events: 3, ready: 0 })
      stage.clock += 10_000
      const back = [uuidsOf(await lease()), uuidsOf(await lease()), uuidsOf(await lease())]
      expect(new Set(back)).toEqual(new Set([['0', '1'], ['2'], undefined]))
    })

    it('outlives a part of it that has gone its way', async () => {
      await stage.queue.enqueue('s', [entry('0'), entry('1')])
      const first = await lease()
      await stage.queue.settle([{ lease: first?.id ?? 0, verdict: 'retry', places: [1], afterMs: 0 }])
      await ack(await lease())
      await ack(first)
      expect(await status()).toEqual({ lane: 'a/unmatched', events: 0, bytes: 0, ready: 0, readyBytes: 0 })
    })

    it('of several lanes settles in one step', async () => {
      await stage.queue.enqueue('s', [entry('1'), entry('2', 'b/matched')])
      const [one, other] = [await lease(), await lease(MINUTE_MS, PLENTY, 'b/matched')]
      await stage.queue.settle([
        { lease: one?.id ?? 0, verdict: 'ack' },
        { lease: other?.id ?? 0, verdict: 'ack' },
      ])
      expect((await stage.queue.lanes()).map(({ events }) => events)).toEqual([0, 0])
    })

    it('that nobody knows settles nothing', async () => {
      await take('1')
      await stage.queue.settle([{ lease: 99, verdict: 'ack' }])
      await stage.queue.settle([])
      const first = await lease()
      await ack(first, [7, -1])
      expect(await status()).toMatchObject({ events: 1 })
    })
  })

  it('a batch that comes back a hundred times stays whole', async () => {
    await stage.queue.enqueue('s', [entry('1'), entry('2')])
    for (let i = 0; i < 100; i++) {
      const held = await lease(1000)
      expect(held).toMatchObject({ returns: i })
      await stage.queue.settle([{ lease: held?.id ?? 0, verdict: 'retry', afterMs: 10 }])
      stage.clock += 10
    }
    const last = await lease()
    expect(uuidsOf(last)).toEqual(['1', '2'])
    await ack(last)
    expect(await status()).toMatchObject({ events: 0, ready: 0 })
  })
}
