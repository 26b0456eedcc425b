import { describe, expect, it } from 'vitest'
import { MAX_RETRY_AFTER_MS } from './limits.ts'
import { fullJitter, parseRetryAfter } from './pacing.ts'

describe('parseRetryAfter', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  it.each([
    ['3', 3000],
    ['0', 0],
    ['2147484', MAX_RETRY_AFTER_MS],
    ['9999999999', MAX_RETRY_AFTER_MS],
    ['Thu, 01 Jan 2026 00:00:07 GMT', 7000],
    ['Fri, 01 Jan 2038 00:00:00 GMT', MAX_RETRY_AFTER_MS],
    ['Wed, 31 Dec 2025 23:59:59 GMT', undefined],
    ['Thu, 99 Foo 2026 00:00:00 GMT', undefined],
    ['-1', undefined],
    ['NaN', undefined],
    ['1e3', undefined],
    ['1.5', undefined],
    ['', undefined],
    ['3, 5', undefined],
    [null, undefined],
  ])('%s → %s', (header, expected) => {
    expect(parseRetryAfter(header, now)).toBe(expected)
  })
})

describe('fullJitter', () => {
  it('spreads between nothing and the doubled base, under the cap', () => {
    expect(fullJitter(0, 1000, 30_000, () => 0.5)).toBe(500)
    expect(fullJitter(3, 1000, 30_000, () => 1)).toBe(8000)
    expect(fullJitter(2000, 1000, 30_000, () => 1)).toBe(30_000)
    expect(fullJitter(5, 1000, 30_000, () => 0)).toBe(0)
  })
})
