import { describe, expect, it } from 'vitest'
import { type ConformanceStage, DAY_MS, entry, madeAt, MINUTE_MS, PLENTY, START, uuidsOf } from './stage.ts'

/** Each event of a source is taken once, for as long as the window is. */
export function dedupeConformance(stage: ConformanceStage): void {
  const { ack, lease, take } = stage

  describe('takes each (source, uuid) once', () => {
    it('within a request', async () => {
      expect(await stage.queue.enqueue('s', [entry('one'), entry('two'), entry('one')])).toEqual({
        fresh: 2,
        repeated: 1,
      })
      expect(uuidsOf(await lease())).toEqual(['one', 'two'])
    })

    it('within requests that come at once', async () => {
      const results = await Promise.all(Array.from({ length: 20 }, () => stage.queue.enqueue('s', [entry('one')])))
      expect(results.filter(({ fresh, repeated }) => fresh === 1 && repeated === 0)).toHaveLength(1)
      expect(results.filter(({ fresh, repeated }) => fresh === 0 && repeated === 1)).toHaveLength(19)
      expect(uuidsOf(await lease())).toEqual(['one'])
    })

    it('across lanes, and not across sources', async () => {
      expect(await take('one')).toBe(true)
      expect(await stage.queue.enqueue('s', [entry('one', 'b/matched')])).toEqual({ fresh: 0, repeated: 1 })
      expect(await lease(MINUTE_MS, PLENTY, 'b/matched')).toBeUndefined()
      expect(await take('one', 'another')).toBe(true)
    })

    it('after it was acknowledged', async () => {
      await take('one')
      await ack(await lease())
      expect(await take('one')).toBe(false)
      expect(await lease()).toBeUndefined()
    })

    it.each([
      ['made now', madeAt(START)],
      ['made 8 days before', madeAt(START - 8 * DAY_MS)],
      ['made 5 minutes ahead', madeAt(START + 5 * MINUTE_MS)],
      ['of another kind', 'order-123'],
      ['of one character', 'x'],
      ['of another alphabet', '订单-123'],
      ['with NUL', 'a\0b'],
      ['of a clock a year ahead', madeAt(START + 365 * DAY_MS)],
      ['of a clock a year behind', madeAt(START - 365 * DAY_MS)],
    ])('a uuid %s is known for 15 days', async (_, uuid) => {
      expect(await take(uuid)).toBe(true)
      for (const days of [0, 1, 7, 8, 9, 14]) {
        stage.clock = START + days * DAY_MS + 1
        expect(await take(uuid), `after ${days} days`).toBe(false)
      }
      stage.clock = START + 15 * DAY_MS - 1
      expect(await take(uuid)).toBe(false)
    })

    it.each([
      ['of another kind', 'order-123', 15 * DAY_MS],
      ['of a clock a year ahead', madeAt(START + 365 * DAY_MS), 15 * DAY_MS],
      ['of a clock a year behind', madeAt(START - 365 * DAY_MS), 15 * DAY_MS],
      ['made now', madeAt(START), 23 * DAY_MS + 1],
    ])('a uuid %s is taken again once the window is past', async (_, uuid, afterMs) => {
      expect(await take(uuid)).toBe(true)
      stage.clock = START + afterMs
      expect(await take(uuid)).toBe(true)
      // And from this receipt on it is known anew.
      stage.clock += 15 * DAY_MS - 1
      expect(await take(uuid)).toBe(false)
    })

    it('where it crosses the border between time-ordered and not, in both directions', async () => {
      const early = madeAt(START - 8 * DAY_MS + MINUTE_MS)
      const late = madeAt(START + 10 * MINUTE_MS)
      expect(await take(early)).toBe(true)
      expect(await take(late)).toBe(true)
      // The one falls out of the time-ordered, the other into them.
      stage.clock = START + 6 * MINUTE_MS
      expect(await take(early)).toBe(false)
      expect(await take(late)).toBe(false)
      stage.clock = START + 15 * DAY_MS - 1
      expect(await take(early)).toBe(false)
      expect(await take(late)).toBe(false)
      stage.clock = START + 15 * DAY_MS
      expect(await take(late)).toBe(true)
    })

    it('uuids that differ in one place are two', async () => {
      const pairs = [
        madeAt(START, 'a'),
        madeAt(START, 'b'),
        'order-1',
        'order-12',
        'a\0b',
        'a\0c',
        'A',
        'a',
        '\u00e9',
        'e\u0301',
      ]
      for (const uuid of pairs) expect(await take(uuid), uuid).toBe(true)
    })
  })
}
