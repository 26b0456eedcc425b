import { expect, it } from 'vitest'
import { zstd } from './zstd.ts'

it('makes a pack of events a third of its size at most, and gives it back as it was', () => {
  const events = Array.from({ length: 500 }, (_, n) => `{"uuid":"order-${n}","args":{"title":"兔展 ${n * 7919}"}}`)
  const bytes = new TextEncoder().encode(events.join('\n'))
  const small = zstd?.compress(bytes)
  expect(small?.byteLength).toBeLessThan(bytes.byteLength / 3)
  expect(new TextDecoder().decode(zstd?.decompress(small ?? new Uint8Array()))).toBe(events.join('\n'))
})
