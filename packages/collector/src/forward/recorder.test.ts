import { beforeEach, describe, expect, it } from 'vitest'
import type { EventQueue, Settlement } from '../queue/ports.ts'
import { silentTelemetry } from '../telemetry.ts'
import { recorder, type Recorder } from './recorder.ts'

const LANE = 'a/unmatched'
const ack = (lease: number): Settlement => ({ lease, verdict: 'ack' })
const bury = (lease: number, changes: object = {}): Settlement => ({
  lease,
  places: [0, 1],
  verdict: 'bury',
  reason: 'refused',
  code: '100400',
  words: 'bad',
  attempts: 2,
  ...changes,
})

/** What the queue was told, and what it is to do about the next. */
let told: (readonly Settlement[])[]
let answers: (() => Promise<void>)[]
let counted: unknown[]
let logs: unknown[]
let book: Recorder
beforeEach(() => {
  told = []
  answers = []
  counted = []
  logs = []
  const queue: Pick<EventQueue, 'settle'> = {
    settle(settlements) {
      told.push([...settlements])
      return answers.shift()?.() ?? Promise.resolve()
    },
  }
  book = recorder(LANE, queue as EventQueue, {
    ...silentTelemetry,
    count: (...counter) => counted.push(counter),
    log: (...entry) => logs.push(entry),
  })
})

const fails = () => Promise.reject(new Error('disk full'))

it('tells the queue, and not where there is nothing to tell', async () => {
  await book.record([])
  await book.pay()
  expect(told).toEqual([])
  await book.record([ack(1), ack(2)])
  expect(told).toEqual([[ack(1), ack(2)]])
  await book.pay()
  expect(told).toHaveLength(1)
})

it('owes what could not be told, and tells it before and with the next', async () => {
  answers = [fails]
  await expect(book.record([ack(1)])).rejects.toThrow('disk full')
  await book.record([ack(2)])
  expect(told).toEqual([[ack(1)], [ack(1), ack(2)]])
  await book.pay()
  expect(told).toHaveLength(2)
})

it('keeps what it is to owe until something is told', async () => {
  book.owe([ack(1)])
  expect(told).toEqual([])
  await book.pay()
  expect(told).toEqual([[ack(1)]])
})

it('tells one thing at a time: what comes while the queue works is told after it, once', async () => {
  let end = () => {}
  answers = [() => new Promise((resolve) => (end = resolve))]
  const first = book.record([ack(1)])
  const second = book.record([ack(2)])
  const third = book.pay()
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toEqual([[ack(1), ack(2)]])
  book.owe([ack(3)])
  end()
  await Promise.all([first, second, third])
  expect(told).toEqual([[ack(1), ack(2)], [ack(3)]])
})

it('a failure is told to whoever it happened to, and stops nobody after', async () => {
  answers = [fails, fails]
  const outcomes = await Promise.allSettled([book.record([ack(1)]), book.pay(), book.pay()])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
  expect(told).toEqual([[ack(1)], [ack(1)], [ack(1)]])
})

describe('a burial', () => {
  it('is counted by its events and logged with its words, once it is told', async () => {
    answers = [fails]
    await expect(book.record([bury(1), ack(2)])).rejects.toThrow('disk full')
    expect([...counted, ...logs]).toEqual([])
    await book.pay()
    expect(counted).toEqual([['buried', { lane: LANE, reason: 'refused' }, 2]])
    expect(logs).toEqual([
      ['warn', 'an event is dead; it is kept', { lane: LANE, reason: 'refused', code: '100400', words: 'bad' }],
    ])
  })

  it('of a parked key is counted alone', async () => {
    await book.record([bury(1, { reason: 'key_refused' })])
    expect(counted).toEqual([['buried', { lane: LANE, reason: 'key_refused' }, 2]])
    expect(logs).toEqual([])
  })
})
