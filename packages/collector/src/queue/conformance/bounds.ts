import { describe, expect, it } from 'vitest'
import { QueueFullError, type QueueEntry } from '../ports.ts'
import { type ConformanceStage, entry, GRAVE, MINUTE_MS, PLENTY, type QueueWithDead } from './stage.ts'

/** What a queue with bounds refuses. */
export function boundsConformance(stage: ConformanceStage): void {
  const five = ['1', '2', '3', '4', '5'].map((uuid) => entry(uuid))
  const [{ bytes }] = five as [QueueEntry]

  /** With a queue of its own. */
  async function within(limits: { events?: number; bytes?: number }, run: (queue: QueueWithDead) => Promise<void>) {
    const other = stage.openAnother(limits)
    try {
      await run(other.queue)
    } finally {
      await other.end()
    }
  }
  const refusal = async (taking: Promise<unknown>): Promise<string> => {
    const error: unknown = await taking.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(QueueFullError)
    return (error as QueueFullError).message
  }

  describe('a full queue', () => {
    it.each([
      ['events', { events: 4 }, 'the queue is full: it holds 3 events of at most 4'],
      ['bytes', { bytes: 4 * bytes }, `the queue is full: it holds ${3 * bytes} bytes of at most ${4 * bytes}`],
    ])('of %s takes none of what would pass the bound, and says which', async (_, limits, words) => {
      await within(limits, async (queue) => {
        await queue.enqueue('s', five.slice(0, 3))
        expect(await refusal(queue.enqueue('s', five.slice(3)))).toBe(words)
        expect(await queue.enqueue('s', five.slice(2, 4))).toEqual({ fresh: 1, repeated: 1 })
        await refusal(queue.enqueue('s', five.slice(4)))
        expect((await queue.lanes()).map((one) => one.events)).toEqual([4])
        // What was refused is not known: it is fresh once there is room.
        const held = await queue.lease('a/unmatched', { events: 1, bytes: 1 }, MINUTE_MS)
        await queue.settle([{ lease: held?.id ?? 0, verdict: 'ack' }])
        expect(await queue.enqueue('s', five.slice(4))).toEqual({ fresh: 1, repeated: 0 })
      })
    })

    it('acknowledges repeats, and commits without events', async () => {
      await within({ events: 3 }, async (queue) => {
        await queue.enqueue('s', five.slice(0, 3))
        expect(await queue.enqueue('s', five.slice(0, 3))).toEqual({ fresh: 0, repeated: 3 })
        expect(await queue.enqueue('s', [])).toEqual({ fresh: 0, repeated: 0 })
        await refusal(queue.enqueue('another', five.slice(0, 1)))
      })
    })

    it('fails none of what was asked at the same time and has room', async () => {
      await within({ events: 3 }, async (queue) => {
        const results = await Promise.allSettled([
          queue.enqueue('s', five.slice(0, 2)),
          queue.enqueue('s', five.slice(2)),
          queue.enqueue('s', five.slice(4)),
        ])
        expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
        expect((await queue.lanes()).map((one) => one.events)).toEqual([3])
      })
    })

    it('counts what is leased or has come back, and not what is dead', async () => {
      await within({ events: 2 }, async (queue) => {
        await queue.enqueue('s', five.slice(0, 2))
        const held = await queue.lease('a/unmatched', PLENTY, MINUTE_MS)
        await refusal(queue.enqueue('s', five.slice(2, 3)))
        await queue.settle([{ lease: held?.id ?? 0, verdict: 'retry', afterMs: 1 }])
        await refusal(queue.enqueue('s', five.slice(2, 3)))
        await queue.settle([{ lease: held?.id ?? 0, verdict: 'bury', ...GRAVE }])
        expect(await queue.enqueue('s', five.slice(2, 4))).toEqual({ fresh: 2, repeated: 0 })
        // And nothing dead comes back beyond the bound.
        const { letters } = await queue.dead.list({})
        await refusal(queue.dead.revive(letters))
        expect(await queue.dead.totals()).toEqual([{ lane: 'a/unmatched', events: 2, bytes: 2 * bytes }])
      })
    })
  })
}
