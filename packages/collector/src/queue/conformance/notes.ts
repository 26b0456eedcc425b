import { describe, expect, it } from 'vitest'
import { type ConformanceStage, entry } from './stage.ts'

/** What `settle` is given to note of a lane. */
export function noteConformance(stage: ConformanceStage): void {
  const { lease, status } = stage

  describe('a note', () => {
    it('is kept with the settlements, given back, replaced, and outlives the process', async () => {
      await stage.queue.enqueue('s', [entry('1'), entry('2', 'b/matched')])
      expect(await status()).not.toHaveProperty('note')
      const held = await lease()
      await stage.queue.settle([{ lease: held?.id ?? 0, verdict: 'ack' }], new Map([['a/unmatched', 'one “ü”']]))
      expect(await status()).toMatchObject({ events: 0, note: 'one “ü”' })
      await stage.queue.settle([], new Map([['a/unmatched', 'two']]))
      expect(await status()).toMatchObject({ note: 'two' })
      expect(await status('b/matched')).not.toHaveProperty('note')
      await stage.queue.settle([])
      await stage.reopen()
      expect(await status()).toMatchObject({ events: 0, note: 'two' })
      await stage.queue.settle([], new Map([['a/unmatched', '']]))
      await stage.reopen()
      expect(await status()).toMatchObject({ note: '' })
    })

    it('goes with a retry as well', async () => {
      await stage.queue.enqueue('s', [entry('1')])
      const held = await lease()
      await stage.queue.settle(
        [{ lease: held?.id ?? 0, verdict: 'retry', afterMs: 5 }],
        new Map([['a/unmatched', 'waits']]),
      )
      expect(await status()).toMatchObject({ note: 'waits', returnedDueAt: stage.clock + 5 })
      await stage.reopen()
      expect(await status()).toMatchObject({ note: 'waits', events: 1 })
    })

    it('of a lane that was never used makes it one', async () => {
      await stage.queue.settle([], new Map([['c/matched', 'new']]))
      const lane = { lane: 'c/matched', events: 0, bytes: 0, ready: 0, readyBytes: 0, note: 'new' }
      expect(await stage.queue.lanes()).toEqual([lane])
      await stage.reopen()
      expect(await stage.queue.lanes()).toEqual([lane])
    })
  })
}
