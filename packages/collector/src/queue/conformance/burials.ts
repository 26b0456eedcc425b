import { describe, expect, it } from 'vitest'
import { type ConformanceStage, GRAVE, richEntry, uuidsOf } from './stage.ts'

/** How events come to be dead letters. */
export function burialConformance(stage: ConformanceStage): void {
  const { bury, lease, status } = stage

  describe('buries', () => {
    it('whole, with all that is known of an event, for good', async () => {
      const one = richEntry('one', { identity: { openid: 'o1' } })
      await stage.queue.enqueue('web', [one])
      stage.clock += 7
      await bury(await lease())
      expect(await status()).toEqual({ lane: 'a/unmatched', events: 0, bytes: 0, ready: 0, readyBytes: 0 })
      await stage.reopen()
      const { letters, next } = await stage.dead.list({})
      expect(next).toBeUndefined()
      expect(letters).toEqual([
        {
          id: letters[0]?.id,
          lane: 'a/unmatched',
          source: 'web',
          uuid: 'one',
          eventKey: 'c_buy',
          ...GRAVE,
          receivedAt: stage.clock - 7,
          diedAt: stage.clock,
          json: one.json,
        },
      ])
      expect(await stage.dead.get(letters[0]?.id ?? 0)).toEqual(letters[0])
      expect(await stage.dead.totals()).toEqual([{ lane: 'a/unmatched', events: 1, bytes: one.bytes }])
      expect(await lease()).toBeUndefined()
      // And its uuid stays known.
      expect(await stage.queue.enqueue('web', [one])).toEqual({ fresh: 0, repeated: 1 })
    })

    it('by places, beside an ack and a retry, in one step', async () => {
      await stage.queue.enqueue(
        's',
        ['0', '1', '2', '3', '4'].map((uuid) => richEntry(uuid)),
      )
      const held = await lease()
      const id = held?.id ?? 0
      await stage.queue.settle([
        { lease: id, verdict: 'ack' },
        { lease: id, verdict: 'retry', places: [1], afterMs: 5 },
        { lease: id, verdict: 'bury', places: [0, 4], ...GRAVE },
      ])
      expect(await status()).toMatchObject({ events: 1, ready: 0 })
      expect((await stage.dead.list({})).letters.map(({ uuid }) => uuid)).toEqual(['4', '0'])
      stage.clock += 5
      const back = await lease()
      expect(uuidsOf(back)).toEqual(['1'])
      await bury(back, undefined, { reason: 'too_large', code: '413', words: 'alone too large', attempts: 0 })
      expect((await stage.dead.list({})).letters[0]).toMatchObject({
        uuid: '1',
        reason: 'too_large',
        code: '413',
        words: 'alone too large',
        attempts: 0,
      })
    })

    it('the rest of a lease, less what is named otherwise', async () => {
      await stage.queue.enqueue(
        's',
        ['0', '1', '2'].map((uuid) => richEntry(uuid)),
      )
      const id = (await lease())?.id ?? 0
      await stage.queue.settle([
        { lease: id, verdict: 'bury', ...GRAVE },
        { lease: id, verdict: 'ack', places: [1] },
      ])
      await stage.queue.settle([{ lease: id, verdict: 'bury', ...GRAVE }])
      expect((await stage.dead.list({})).letters.map(({ uuid }) => uuid)).toEqual(['2', '0'])
    })

    it('what one source brought as that source’s, whatever came with it', async () => {
      await Promise.all([
        stage.queue.enqueue('s', [richEntry('1')]),
        stage.queue.enqueue('t', [richEntry('1')]),
        stage.queue.enqueue('s', [richEntry('2')]),
      ])
      await bury(await lease())
      const from = async (source: string) => (await stage.dead.list({ source })).letters.map(({ uuid }) => uuid)
      expect([(await from('s')).toSorted(), await from('t')]).toEqual([['1', '2'], ['1']])
    })

    it('an event that is no object, too', async () => {
      await stage.queue.enqueue('s', [{ uuid: 'odd', lane: 'a/unmatched', json: '[null', bytes: 6 }])
      await bury(await lease())
      expect((await stage.dead.list({})).letters).toMatchObject([{ uuid: '', eventKey: '', json: '[null' }])
    })

    it('once closed refuses', async () => {
      const { dead } = stage.queue
      await stage.queue.close()
      await expect(dead.list({})).rejects.toThrow('closed')
      await expect(dead.get(1)).rejects.toThrow('closed')
      await expect(dead.totals()).rejects.toThrow('closed')
      await expect(dead.revive([])).rejects.toThrow('closed')
      await expect(dead.discard([])).rejects.toThrow('closed')
    })
  })
}
