import { describe, expect, it } from 'vitest'
import { type ConformanceStage, entry, uuidsOf } from './stage.ts'

const IDLE = { lane: 'a/unmatched', events: 0, bytes: 0, ready: 0, readyBytes: 0 }

/** What is known of batches that came back, their parts among them. */
export function returnConformance(stage: ConformanceStage): void {
  const { ack, lease, status } = stage

  describe('a batch that came back', () => {
    const put = (count: number) =>
      stage.queue.enqueue(
        's',
        Array.from({ length: count }, (_, i) => entry(`${i}`)),
      )

    it('is due when a later retry says', async () => {
      await put(2)
      const first = await lease()
      const retry = (afterMs: number) =>
        stage.queue.settle([{ lease: first?.id ?? 0, verdict: 'retry' as const, afterMs }])
      await retry(10_000)
      await retry(5)
      expect(await status()).toMatchObject({ returnedDueAt: stage.clock + 5 })
      await retry(500)
      stage.clock += 499
      expect(await lease()).toBeUndefined()
      stage.clock += 1
      expect(uuidsOf(await lease())).toEqual(['0', '1'])
    })

    it('as a part is due when a later retry of its places says', async () => {
      await put(4)
      const id = (await lease())?.id ?? 0
      const retry = (places: number[], afterMs: number) =>
        stage.queue.settle([{ lease: id, verdict: 'retry', places, afterMs }])
      await retry([0, 1], 10_000)
      await retry([2, 3], 20_000)
      await retry([0, 1], 3)
      stage.clock += 3
      expect(uuidsOf(await lease())).toEqual(['0', '1'])
      expect(await status()).toMatchObject({ returnedDueAt: stage.clock - 3 + 20_000 })
    })

    it('as a part is still settled by the lease that it came from, however late', async () => {
      await put(3)
      const first = await lease(1000)
      // The whole comes back, is leased anew and then divided; meanwhile the first call's answer arrives.
      stage.clock += 1000
      const second = await lease()
      await stage.queue.settle([{ lease: second?.id ?? 0, verdict: 'retry', places: [0, 1], afterMs: 0 }])
      await ack(second, [2])
      const part = await lease()
      expect(uuidsOf(part)).toEqual(['0', '1'])
      await ack(first, [0])
      expect(await status()).toMatchObject({ events: 1 })
      await ack(second, [1])
      expect(await status()).toEqual(IDLE)
    })

    it('as a part is settled by its lease while it waits, though all else of that lease is done', async () => {
      await put(3)
      const first = await lease()
      await stage.queue.settle([
        { lease: first?.id ?? 0, verdict: 'retry', places: [0, 1], afterMs: 1000 },
        { lease: first?.id ?? 0, verdict: 'ack' },
      ])
      await ack(first, [1])
      expect(await status()).toMatchObject({ events: 1, returnedDueAt: stage.clock + 1000 })
      await ack(first, [0])
      expect(await status()).toEqual(IDLE)
    })

    it('is handed out in the order of falling due, among a thousand', { timeout: 30_000 }, async () => {
      const count = 1000
      await put(count)
      const first = await lease(60_000, { events: count, bytes: 10_000_000 })
      const dueIn = (place: number) => (place * 7919) % count
      await stage.queue.settle(
        Array.from({ length: count }, (_, place) => ({
          lease: first?.id ?? 0,
          verdict: 'retry' as const,
          places: [place],
          afterMs: dueIn(place),
        })),
      )
      stage.clock += count
      const order: number[] = []
      for (let held = await lease(); held; held = await lease()) {
        order.push(dueIn(Number(uuidsOf(held)?.[0])))
        await ack(held)
      }
      expect(order).toEqual(Array.from({ length: count }, (_, i) => i))
      expect(await status()).toEqual(IDLE)
    })
  })
}
