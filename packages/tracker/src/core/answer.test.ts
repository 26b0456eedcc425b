import { describe, expect, it } from 'vitest'
import { judge } from './answer.ts'
import type { QueuedEvent } from './chunk.ts'

const events: QueuedEvent[] = [
  ['a', ''],
  ['b', ''],
  ['c', ''],
]
const judgeBody = (body: unknown, status = 200) =>
  judge({ kind: 'answer', status, body: typeof body === 'string' ? body : JSON.stringify(body) }, events).kind
const whole = { v: 1, accepted: 3, rejected: [] as unknown[], retry: [] as string[] }

describe('judge', () => {
  it('takes an answer that accounts for every event', () => {
    expect(judgeBody(whole)).toBe('answered')
    expect(judgeBody({ ...whole, accepted: 1, rejected: [{ index: 0, uuid: 'a' }], retry: ['c'], more: 1 })).toBe(
      'answered',
    )
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
    [{ ...whole, accepted: -1, retry: ['a', 'b', 'c', 'a'] }],
    [{ v: 1, accepted: 3, rejected: [] }],
    [JSON.stringify(whole).slice(0, -2)],
    [{ ...whole, accepted: 2, rejected: [{ index: 3 }] }],
    [{ ...whole, accepted: 2, rejected: [null] }],
    [{ ...whole, accepted: 2, retry: ['other'] }],
  ])('takes a 200 with %o for no answer', (body) => {
    expect(judgeBody(body)).toBe('unavailable')
  })

  it.each([
    [200, 'unavailable'],
    [204, 'unavailable'],
    [302, 'unavailable'],
    [400, 'refused'],
    [401, 'refused'],
    [403, 'refused'],
    [404, 'refused'],
    [408, 'unavailable'],
    [413, 'tooLarge'],
    [415, 'refused'],
    [418, 'refused'],
    [425, 'unavailable'],
    [429, 'unavailable'],
    [500, 'unavailable'],
    [503, 'unavailable'],
    [0, 'unavailable'],
  ])('takes status %s for %s', (status, kind) => {
    expect(judgeBody('', status)).toBe(kind)
  })

  it('takes a 201 with the right body for no answer', () => {
    expect(judgeBody(whole, 201)).toBe('unavailable')
  })

  it('knows no answer where there is none', () => {
    expect(judge({ kind: 'unreachable' }, events).kind).toBe('unavailable')
    expect(judge({ kind: 'inDoubt' }, events).kind).toBe('unavailable')
  })
})
