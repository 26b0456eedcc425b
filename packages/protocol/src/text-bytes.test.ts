import { afterEach, describe, expect, it, vi } from 'vitest'
import { MAX_EVENT_BYTES } from './limits.ts'
import { utf8Bytes } from './utf8-bytes.ts'

const TEXTS = [
  '',
  'plain',
  'é',
  '兔展',
  '🐇',
  'half \ud83d',
  '\udc07 half',
  '\udc07\ud83d',
  '兔🐇é'.repeat(500),
  '展'.repeat(MAX_EVENT_BYTES),
  '展'.repeat(MAX_EVENT_BYTES + 1),
]

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

describe.each([
  ['Node', []],
  ['an edge without Buffer', ['Buffer']],
  ['a runtime with neither', ['Buffer', 'TextEncoder']],
])('on %s', (_, missing) => {
  it.each(TEXTS)('counts %j as trackers count it', async (text) => {
    for (const name of missing) vi.stubGlobal(name, undefined)
    const { textBytes } = await import('./text-bytes.ts')
    expect(textBytes(text)).toBe(utf8Bytes(text))
  })
})
