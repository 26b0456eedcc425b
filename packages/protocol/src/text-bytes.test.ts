import { expect, it } from 'vitest'
import { utf8Bytes } from './utf8-bytes.ts'
import { textBytes } from './text-bytes.ts'

it.each(['', 'plain', 'é', '兔展', '🐇', 'half \ud83d', '\udc07 half', '\udc07\ud83d', '兔🐇é'.repeat(500)])(
  'counts %j as trackers count it',
  (text) => {
    expect(textBytes(text)).toBe(utf8Bytes(text))
  },
)
