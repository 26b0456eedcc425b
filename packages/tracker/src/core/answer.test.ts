import { describe, expect, it } from 'vitest'
import { readAnswer } from './answer.ts'
import type { QueuedEvent } from './chunk.ts'

const events: QueuedEvent[] = [
  ['a', ''],
  ['b', ''],
  ['c', ''],
]
const read = (body: unknown) => readAnswer(typeof body === 'string' ? body : JSON.stringify(body), events)
const whole = { v: 1, accepted: 3, rejected: [] as unknown[], retry: [] as string[] }

describe('readAnswer', () => {
  it('takes an answer that accounts for every event', () => {
    expect(read(whole)).toEqual(whole)
    const part = { ...whole, accepted: 1, rejected: [{ index: 0, uuid: 'a' }], retry: ['c'], more: 1 }
    expect(read(part)).toEqual(part)
  })

  it.each<[unknown]>([
    ['<html>log in</html>'],
    [''],
    ['{}'],
    ['[]'],
    ['null'],
    ['3'],
    [{ accepted: 3 }],
    [{ ...whole, v: 2 }],
    [{ ...whole, accepted: 2 }],
    [{ ...whole, accepted: 4 }],
    [{ ...whole, accepted: '3' }],
    [{ v: 1, accepted: 3, rejected: [] }],
    [JSON.stringify(whole).slice(0, -2)],
    [{ ...whole, accepted: 2, rejected: [{ index: 3 }] }],
    [{ ...whole, accepted: 2, rejected: [null] }],
    [{ ...whole, accepted: 2, retry: ['other'] }],
  ])('takes %o for no answer', (body) => {
    expect(read(body)).toBeUndefined()
  })
})
