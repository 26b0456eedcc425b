import { encodeTime } from '@warren/protocol'
import { describe, expect, it } from 'vitest'
import { isTimeOrdered, orderedExpiry, receiptExpiry } from './dedupe-class.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const NOW = Date.UTC(2026, 0, 1)
const madeAt = (at: number) => `${encodeTime(at)}aaaaaaaaaaaaa`

describe('a uuid is time-ordered', () => {
  it.each([
    ['made now', madeAt(NOW), true],
    ['made 8 days before', madeAt(NOW - 8 * DAY_MS), true],
    ['made a millisecond earlier', madeAt(NOW - 8 * DAY_MS - 1), false],
    ['made 5 minutes ahead', madeAt(NOW + 5 * MINUTE_MS), true],
    ['made a millisecond later', madeAt(NOW + 5 * MINUTE_MS + 1), false],
    ['of another kind', 'order-123', false],
  ])('%s', (_, uuid, isOrdered) => {
    expect(isTimeOrdered(uuid, NOW)).toBe(isOrdered)
  })
})

it('the oldest that may still have been received within the window is 23 days old', () => {
  const border = orderedExpiry(NOW)
  expect(madeAt(NOW - 23 * DAY_MS) >= border).toBe(true)
  expect(madeAt(NOW - 23 * DAY_MS - 1) < border).toBe(true)
})

it('other uuids are known for 15 days from their receipt', () => {
  expect(receiptExpiry(NOW)).toBe(NOW - 15 * DAY_MS)
})
