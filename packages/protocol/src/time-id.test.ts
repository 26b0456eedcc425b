import { describe, expect, it } from 'vitest'
import { decodeTime, encodeTime, SORTED_ALPHABET } from './time-id.ts'

describe('time ids', () => {
  it("use nanoid's alphabet in ASCII order", () => {
    expect(SORTED_ALPHABET).toHaveLength(64)
    expect(SORTED_ALPHABET.split('').sort().join('')).toBe(SORTED_ALPHABET)
    expect(SORTED_ALPHABET).toMatch(/^[-\w]+$/)
  })

  it('sort as their instants do, and read back', () => {
    const instants = [0, 1, 63, 64, 4095, 4096, 1605490615673, 1605490615674, Date.now(), 2 ** 48 - 1]
    const texts = instants.map(encodeTime)
    expect([...texts].sort()).toEqual(texts)
    expect(texts.map(decodeTime)).toEqual(instants)
  })

  it('say nothing of texts that hold no time', () => {
    expect(decodeTime('short')).toBeUndefined()
    expect(decodeTime('order#12345')).toBeUndefined()
  })
})
