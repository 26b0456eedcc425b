import { expect, it } from 'vitest'
import { utf8Bytes } from './utf8-bytes.ts'

it.each(['', 'abc', 'é', '汉字', '😀', 'a汉😀é', '\ud83d', '\ude00\ud83d', '\ud83dx'])(
  '%j is counted as the encoder writes it',
  (text) => {
    expect(utf8Bytes(text)).toBe(new TextEncoder().encode(text).length)
  },
)
