import { expect, it } from 'vitest'
import { memorySeen } from './memory-seen.ts'

const DAY_MS = 86_400_000

it('forgets what is out of the window, so that its memory does not grow for ever', () => {
  const seen = memorySeen()
  for (let day = 0; day < 100; day++) {
    for (let i = 0; i < 50; i++) seen.remember('s', `order-${day}-${i}`, day * DAY_MS)
    expect(seen.size()).toBeLessThan(50 * 35)
  }
  expect(seen.isKnown('s', 'order-99-0', 100 * DAY_MS)).toBe(true)
  expect(seen.isKnown('s', 'order-85-0', 100 * DAY_MS - 1)).toBe(true)
  expect(seen.isKnown('s', 'order-85-0', 100 * DAY_MS)).toBe(false)
})
