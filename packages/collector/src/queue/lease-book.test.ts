import { beforeEach, describe, expect, it } from 'vitest'
import { leaseBook, type LeaseBook, type LeasedItem } from './lease-book.ts'
import type { Settlement } from './ports.ts'

interface Item extends LeasedItem {
  name: string
}

const LANE = 'a/unmatched'
const GRAVE = { reason: 'refused', code: '1', words: 'w', attempts: 1 } as const
let book: LeaseBook<Item>
beforeEach(() => {
  book = leaseBook()
})

const items = (...names: string[]) => names.map((name): Item => ({ name, lane: LANE, bytes: 10, isSettled: false }))
const named = (some: readonly Item[] | undefined) => some?.map(({ name }) => name).join('')
const retry = (lease: number, afterMs: number, places?: number[]): Settlement => ({
  lease,
  verdict: 'retry',
  afterMs,
  ...(places ? { places } : {}),
})
const ack = (lease: number, places?: number[]): Settlement => ({ lease, verdict: 'ack', ...(places ? { places } : {}) })

/** Takes what is due and leases it again; gives the new lease. */
function again(now: number, untilMs: number): number {
  const due = book.takeDue(LANE, now)
  if (!due) throw new Error('nothing is due')
  return book.open(LANE, due.items, untilMs, due)
}

describe('what is out', () => {
  it('is counted by lane, for as long as it is leased or returned', () => {
    expect(book.outstanding(LANE)).toEqual({ events: 0, bytes: 0 })
    const lease = book.open(LANE, items('a', 'b'), 100)
    book.open('b/unmatched', items('c'), 100)
    expect(book.outstanding(LANE)).toEqual({ events: 2, bytes: 20 })
    book.apply([retry(lease, 5)], 0)
    expect(book.outstanding(LANE)).toEqual({ events: 2, bytes: 20 })
    book.apply([ack(lease, [0])], 0)
    expect(book.outstanding(LANE)).toEqual({ events: 1, bytes: 10 })
    book.takeDue(LANE, 5)
    expect(book.outstanding(LANE)).toEqual({ events: 0, bytes: 0 })
  })

  it('is due when its lease ends, or when it was sent back to, the earliest first', () => {
    expect(book.nextDueAt(LANE)).toBeUndefined()
    book.open(LANE, items('a'), 100)
    const second = book.open(LANE, items('b'), 200)
    expect(book.nextDueAt(LANE)).toBe(100)
    book.apply([retry(second, 30)], 20)
    expect(book.nextDueAt(LANE)).toBe(50)
    expect(book.takeDue(LANE, 49)).toBeUndefined()
    expect(named(book.takeDue(LANE, 50)?.items)).toBe('b')
    expect(book.nextDueAt(LANE)).toBe(100)
    expect(named(book.takeDue(LANE, 100)?.items)).toBe('a')
    expect(book.nextDueAt(LANE)).toBeUndefined()
  })

  it('comes back with the count of its returns', () => {
    book.open(LANE, items('a'), 1)
    for (const returns of [0, 1, 2]) {
      const due = book.takeDue(LANE, 10)
      expect(due?.returns).toBe(returns)
      if (due) book.open(LANE, due.items, 1, due)
    }
  })
})

describe('the returned', () => {
  it('are those that nobody has leased, the newest batch and the newest event first, at most so many', () => {
    book.open(LANE, items('a', 'b'), 50)
    const second = book.open(LANE, items('c', 'd'), 500)
    book.open(LANE, items('e'), 500)
    book.apply([retry(second, 1000)], 0)
    expect(named(book.returned(LANE, 49, 10))).toBe('dc')
    expect(named(book.returned(LANE, 50, 10))).toBe('dcba')
    expect(named(book.returned(LANE, 50, 3))).toBe('dcb')
    expect(named(book.returned(LANE, 50, 2))).toBe('dc')
    expect(named(book.returned(LANE, 50, 0))).toBe('')
  })

  it('give one away, and are a batch without it', () => {
    const lease = book.open(LANE, items('a', 'b'), 50)
    book.apply([retry(lease, 10)], 0)
    const [one] = book.returned(LANE, 0, 1)
    if (!one) throw new Error('none')
    const taken = book.takeOne(one)
    expect([named(taken.items), taken.returns]).toEqual(['b', 0])
    expect(book.outstanding(LANE)).toEqual({ events: 1, bytes: 10 })
    expect(named(book.takeDue(LANE, 10)?.items)).toBe('a')
    expect(() => book.takeOne(one)).toThrow('a batch that it is not in')
  })

  it('leave no batch of nothing behind', () => {
    const lease = book.open(LANE, items('a'), 50)
    book.apply([retry(lease, 10)], 0)
    const [one] = book.returned(LANE, 0, 1)
    if (one) book.takeOne(one)
    expect(book.nextDueAt(LANE)).toBeUndefined()
    expect(book.takeDue(LANE, 100)).toBeUndefined()
  })
})

describe('a settlement', () => {
  it('ends what it names, and changes nothing before it is applied', () => {
    const lease = book.open(LANE, items('a', 'b', 'c'), 50)
    const bury: Settlement = { lease, verdict: 'bury', places: [2], ...GRAVE }
    const ended = [...book.ending([ack(lease, [0]), bury])]
    expect(ended.map(([{ name }, { verdict }]) => [name, verdict])).toEqual([
      ['a', 'ack'],
      ['c', 'bury'],
    ])
    expect(book.outstanding(LANE).events).toBe(3)
    book.apply([ack(lease, [0]), bury], 0)
    expect(ended.map(([{ isSettled }]) => isSettled)).toEqual([true, true])
    expect(named(book.takeDue(LANE, 50)?.items)).toBe('b')
  })

  it('of a lease or a place that never was means nothing', () => {
    const lease = book.open(LANE, items('a'), 50)
    expect(book.ending([ack(lease + 1), ack(lease, [1])]).size).toBe(0)
    book.apply([retry(lease + 1, 5), retry(lease, 5, [1])], 0)
    expect(book.nextDueAt(LANE)).toBe(50)
  })

  it('of all leaves out what was sent on a way of its own', () => {
    const lease = book.open(LANE, items('a', 'b'), 50)
    book.apply([retry(lease, 5, [0])], 0)
    expect([...book.ending([ack(lease)]).keys()].map(({ name }) => name)).toEqual(['b'])
    // By name it can still be ended.
    expect([...book.ending([ack(lease, [0])]).keys()].map(({ name }) => name)).toEqual(['a'])
  })

  it('sends parts back as batches of their own, each with the rest that it was left with', () => {
    const lease = book.open(LANE, items('a', 'b', 'c', 'd'), 50)
    book.apply([retry(lease, 10, [0, 1]), retry(lease, 20, [2])], 0)
    expect(named(book.takeDue(LANE, 10)?.items)).toBe('ab')
    expect(named(book.takeDue(LANE, 20)?.items)).toBe('c')
    expect(book.takeDue(LANE, 49)).toBeUndefined()
    expect(named(book.takeDue(LANE, 50)?.items)).toBe('d')
  })

  it('of a batch that was sent back already changes when it is due', () => {
    const lease = book.open(LANE, items('a', 'b'), 50)
    book.apply([retry(lease, 30)], 0)
    book.apply([retry(lease, 5)], 1)
    expect(book.nextDueAt(LANE)).toBe(6)
  })

  it('sends nothing back that was handed out again', () => {
    const first = book.open(LANE, items('a', 'b'), 50)
    again(50, 200)
    book.apply([retry(first, 5), retry(first, 5, [0])], 60)
    expect(book.nextDueAt(LANE)).toBe(200)
  })
})

describe('a lease that has ended', () => {
  it('still ends its events, whoever has them now', () => {
    const first = book.open(LANE, items('a', 'b'), 50)
    again(50, 200)
    book.apply([ack(first, [1])], 60)
    expect(named(book.takeDue(LANE, 200)?.items)).toBe('a')
  })

  it('is known over eight handings-out of its batch, and forgotten with the ninth', () => {
    const first = book.open(LANE, items('a'), 10)
    const second = again(10, 20)
    for (let turn = 2; turn < 8; turn++) again(turn * 10, turn * 10 + 10)
    expect(book.ending([ack(first)]).size).toBe(1)
    again(80, 90)
    expect(book.ending([ack(first)]).size).toBe(0)
    expect(book.ending([ack(second)]).size).toBe(1)
  })

  it('is forgotten once all its events are settled', () => {
    const lease = book.open(LANE, items('a'), 50)
    book.apply([ack(lease)], 0)
    expect(book.ending([ack(lease)]).size).toBe(0)
    expect(book.outstanding(LANE)).toEqual({ events: 0, bytes: 0 })
  })
})
