import { describe, expect, it } from 'vitest'
import { chunkKey, isRecord, keyBytes, keyTime } from './chunk.ts'

describe('a key', () => {
  it('tells time and bytes, and sorts by time, then by counter', () => {
    const now = Date.parse('2026-03-01T00:00:00Z')
    const keys = [
      chunkKey(now, 0, 'zzzzz', 50, 9800),
      chunkKey(now, 1, '-----', 1, 2),
      chunkKey(now, 36, '-----', 1, 2),
      chunkKey(now + 1, 0, '-----', 1, 2),
      chunkKey(Date.parse('2100-01-01T00:00:00Z'), 0, '-----', 1, 2),
    ]
    expect([...keys].sort()).toEqual(keys)
    expect(keys.map(keyTime)[0]).toBe(now)
    expect(keys.map(keyBytes)[0]).toBe(9800)
    expect(keys[0]).toMatch(/^[0-9a-z]{9}0000zzzzz\.50\.9800$/)
  })

  it('keeps its width when the counter runs over', () => {
    expect(chunkKey(0, 36 ** 4, 'abcde', 1, 1)).toBe('0000000000000abcde.1.1')
  })

  it.each(['', 'x', 'warren', '0mb2k3j4k0000abcde', '0mb2k3j4k0000abcde.1', '0mb2k3j4k0000abcde.1.2.3'])(
    'is not %s',
    (key) => {
      expect(keyTime(key)).toBeNaN()
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
