import { decodeTime, SORTED_ALPHABET } from '@warren/protocol/time-id'
import { urlAlphabet } from 'nanoid'
import { expect, it } from 'vitest'
import { createIds } from './ids.ts'

const bytes = (count: number) => crypto.getRandomValues(new Uint8Array(count))

it('makes uuids of 21 characters that carry their time, sort by it, and differ', () => {
  const ids = createIds(bytes)
  const made = Array.from({ length: 5000 }, (_, i) => ids.uuid(1_700_000_000_000 + i))
  expect(new Set(made).size).toBe(5000)
  expect([...made].sort()).toEqual(made)
  expect(made.every((id) => /^[\w-]{21}$/.test(id))).toBe(true)
  expect(made.map(decodeTime)[7]).toBe(1_700_000_000_007)
})

it('asks for entropy once for many ids', () => {
  let calls = 0
  const ids = createIds((count) => {
    calls++
    return bytes(count)
  })
  for (let i = 0; i < 1000; i++) ids.uuid(0)
  expect(calls).toBeLessThan(10)
})

it("makes nanoid's ids: its alphabet, every character as likely as another", () => {
  const sorted = Array.from(urlAlphabet).sort().join('')
  expect(sorted).toBe(SORTED_ALPHABET)
  const chars = Array.from(createIds((count) => Uint8Array.from({ length: count }, (_, i) => i % 256)).random(256))
  expect(new Set(chars).size).toBe(64)
  expect(new Set(chars.map((char) => chars.filter((other) => other === char).length))).toEqual(new Set([4]))
})
