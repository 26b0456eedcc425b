import { describe, expect, it } from 'vitest'
import { QueueFullError } from './ports.ts'
import { amountOf, checkRoom, passedBound } from './queue-limits.ts'

const LIMITS = { events: 10, bytes: 100 }

it('an amount is events and their bytes', () => {
  expect(amountOf([])).toEqual({ events: 0, bytes: 0 })
  expect(amountOf([{ bytes: 3 }, { bytes: 4 }])).toEqual({ events: 2, bytes: 7 })
})

describe('a bound', () => {
  it.each([
    ['is kept where it is just reached', { events: 8, bytes: 95 }, { events: 2, bytes: 5 }, undefined],
    [
      'of events is passed by one more',
      { events: 8, bytes: 0 },
      { events: 3, bytes: 3 },
      'holds 8 events of at most 10',
    ],
    [
      'of bytes is passed by one more',
      { events: 0, bytes: 95 },
      { events: 1, bytes: 6 },
      'holds 95 bytes of at most 100',
    ],
  ])('%s', (_, held, more, words) => {
    const expected = words === undefined ? undefined : `the queue is full: it ${words}`
    expect(passedBound(held, more, LIMITS)).toBe(expected)
    const check = () => checkRoom(held, more, LIMITS)
    if (expected === undefined) check()
    else expect(check).toThrow(new QueueFullError(expected))
  })

  it('is not passed by nothing, even where the queue holds more already', () => {
    const held = { events: 11, bytes: 101 }
    expect(() => checkRoom(held, { events: 0, bytes: 0 }, LIMITS)).not.toThrow()
    expect(() => checkRoom(held, { events: 1, bytes: 0 }, LIMITS)).toThrow(QueueFullError)
  })
})
