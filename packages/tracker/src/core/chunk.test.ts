import { describe, expect, it } from 'vitest'
import { chunkKey, isRecord, keySize, keyTime } from './chunk.ts'

describe('a key', () => {
  const random = (chars: number) => 'z'.repeat(chars)

  it('tells time, events and bytes, and sorts by time', () => {
    const now = Date.parse('2026-03-01T00:00:00Z')
    const keys = [
      chunkKey(now, random, 50, 9800),
      chunkKey(now + 1, (chars) => '-'.repeat(chars), 1, 2),
      chunkKey(Date.parse('2100-01-01T00:00:00Z'), (chars) => '-'.repeat(chars), 1, 2),
    ]
    expect([...keys].sort()).toEqual(keys)
    expect(keys.map(keyTime)[0]).toBe(now)
    expect(keys.map(keySize)[0]).toEqual([50, 9800])
    expect(keys[0]).toMatch(/^[0-9a-z]{9}z{9}\.50\.9800$/)
  })

  it.each(['', 'x', 'visitor', 'session', '0mb2k3j4k0000abcde', '0mb2k3j4k0000abcde.1', '0mb2k3j4k0000abcde.1.2.3'])(
    'is not %s',
    (key) => {
      expect(keyTime(key)).toBe(0)
    },
  )
})

describe('isRecord', () => {
  const whole = { v: 1, device: 'd', writer: 'w', given: 2, dropped: { closed: 1 }, events: [['u', '{"uuid":"u"}']] }

  it('takes what the outbox writes', () => {
    expect(isRecord(whole)).toBe(true)
    expect(isRecord({ ...whole, dropped: {} })).toBe(true)
  })

  it.each<[unknown]>([
    [undefined],
    [null],
    [7],
    ['undefined'],
    ['{"v":1'],
    [{}],
    [[null]],
    [{ ...whole, v: 2 }],
    [{ ...whole, writer: undefined }],
    [{ ...whole, events: [] }],
    [{ ...whole, events: [null] }],
    [{ ...whole, device: 7 }],
    [{ ...whole, events: [['u']], writer: null }],
    [{ ...whole, events: [['u', 7]] }],
    [{ ...whole, events: 7 }],
  ])('refuses %o', (value) => {
    expect(isRecord(value)).toBe(false)
  })
})
