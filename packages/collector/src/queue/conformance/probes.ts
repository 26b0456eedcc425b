import { describe, expect, it } from 'vitest'
import { type ConformanceStage, MINUTE_MS, richEntry, uuidsOf } from './stage.ts'

/** An event with a key of its own. */
const entry = (uuid: string) => richEntry(uuid, { eventKey: `key-${uuid}` })
const keys = Array.from({ length: 450 }, (_, n) => `key-${n}`)
const allBut = (uuid: string) => keys.filter((key) => key !== `key-${uuid}`)

/** One event alone, for a look at the upstream. */
export function probeConformance(stage: ConformanceStage): void {
  const { ack, lease, status } = stage
  const probe = async (unwantedKeys: readonly string[] = [], forMs = MINUTE_MS) =>
    stage.queue.leaseProbe('a/unmatched', unwantedKeys, forMs)
  const put = async (...uuids: string[]) => {
    for (const uuid of uuids) await stage.queue.enqueue('s', [entry(uuid)])
  }

  describe('a probe', () => {
    it('takes the newest ready event, and the next one the next', async () => {
      await stage.queue.enqueue('s', [entry('0'), entry('1')])
      await put('2')
      const first = await probe()
      expect(uuidsOf(first)).toEqual(['2'])
      expect(first).toMatchObject({ lane: 'a/unmatched', returns: 0 })
      expect(uuidsOf(await probe())).toEqual(['1'])
      expect(await status()).toMatchObject({ events: 3, ready: 1, oldestReadyAt: stage.clock })
      expect(uuidsOf(await probe())).toEqual(['0'])
      expect(await probe()).toBeUndefined()
      expect((await status())?.oldestReadyAt).toBeUndefined()
    })

    it('takes the newest that is wanted, else the newest', async () => {
      await put('0', '1', '2', '3')
      expect(uuidsOf(await probe(allBut('1')))).toEqual(['1'])
      expect(uuidsOf(await probe(keys))).toEqual(['3'])
    })

    it('is stepped over by the leases that follow', async () => {
      await stage.queue.enqueue(
        's',
        ['0', '1', '2', '3'].map((uuid) => entry(uuid)),
      )
      await put('4', '5')
      const held = [await probe(allBut('1')), await probe(allBut('4'))]
      await ack(held[0])
      expect(uuidsOf(await lease(MINUTE_MS, { events: 2, bytes: 10_000 }))).toEqual(['0', '2'])
      expect(uuidsOf(await lease())).toEqual(['3', '5'])
      expect(await status()).toMatchObject({ events: 5, ready: 0 })
      await ack(held[1])
      expect(await status()).toMatchObject({ events: 4, ready: 0 })
    })

    it('comes back like any other', async () => {
      await put('0')
      const first = await probe()
      await stage.queue.settle([{ lease: first?.id ?? 0, verdict: 'retry', afterMs: 10 }])
      expect(await lease()).toBeUndefined()
      stage.clock += 10
      const again = await lease(1000)
      expect(uuidsOf(again)).toEqual(['0'])
      expect(again).toMatchObject({ returns: 1 })
      stage.clock += 1000
      expect(uuidsOf(await lease())).toEqual(['0'])
    })

    it('takes a returned event where none is ready, due or not, and its batch stays one without it', async () => {
      await put('0', '1', '2')
      const first = await lease(1000)
      expect(await probe()).toBeUndefined()
      await stage.queue.settle([{ lease: first?.id ?? 0, verdict: 'retry', afterMs: 10_000 }])
      const held = await probe(allBut('1'))
      expect(uuidsOf(held)).toEqual(['1'])
      expect(held).toMatchObject({ returns: 1 })
      expect(await status()).toMatchObject({ events: 3, ready: 0, returnedDueAt: stage.clock + 10_000 })
      stage.clock += 10_000
      expect(uuidsOf(await lease())).toEqual(['0', '2'])
      // What its first lease says of it still holds.
      await ack(first, [1])
      expect(await status()).toMatchObject({ events: 2 })
    })

    it('takes ready ones before returned ones, and a returned one that is wanted before a ready one that is not', async () => {
      await put('0')
      const first = await lease()
      await stage.queue.settle([{ lease: first?.id ?? 0, verdict: 'retry', afterMs: 10_000 }])
      await put('1', '2')
      expect(uuidsOf(await probe())).toEqual(['2'])
      expect(uuidsOf(await probe(allBut('0')))).toEqual(['0'])
      expect(uuidsOf(await probe())).toEqual(['1'])
    })

    it('leaves alone what is leased, and the last event of a returned batch leaves none behind', async () => {
      await put('0')
      const held = await lease(1000)
      expect(await probe()).toBeUndefined()
      stage.clock += 1000
      const taken = await probe()
      expect(uuidsOf(taken)).toEqual(['0'])
      expect(await lease()).toBeUndefined()
      await ack(held)
      expect(await status()).toEqual({ lane: 'a/unmatched', events: 0, bytes: 0, ready: 0, readyBytes: 0 })
    })

    it('looks at some hundreds, not at all', async () => {
      await stage.queue.enqueue(
        's',
        Array.from({ length: 450 }, (_, i) => entry(`${i}`)),
      )
      expect(uuidsOf(await probe(allBut('250')))).toEqual(['250'])
      expect(uuidsOf(await probe(allBut('0')))).toEqual(['449'])
    })

    it('of a lane that was never used is none', async () => {
      expect(await probe()).toBeUndefined()
      expect(await stage.queue.lanes()).toEqual([])
    })
  })
}
