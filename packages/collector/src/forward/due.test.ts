import { describe, expect, it } from 'vitest'
import type { LaneStatus } from '../queue/ports.ts'
import { dueAt, MAX_CALL } from './due.ts'

const NOW = 100_000
const lane = (changes: Partial<LaneStatus>): LaneStatus => ({
  lane: 'a/unmatched',
  events: 0,
  bytes: 0,
  ready: 0,
  readyBytes: 0,
  ...changes,
})

describe('a lane is due', () => {
  it.each<[string, Partial<LaneStatus>, number | undefined]>([
    ['never, with nothing in it', {}, undefined],
    ['never, with all of it leased', { events: 500, bytes: 5000 }, undefined],
    ['a second after its oldest event came', { ready: 1, readyBytes: 10, oldestReadyAt: NOW - 400 }, NOW + 600],
    ['with one event fewer than a call holds as well', { ready: 499, oldestReadyAt: NOW }, NOW + 1000],
    ['at once, with as many events as a call holds', { ready: 500, oldestReadyAt: NOW }, 0],
    ['at once, with as many bytes', { ready: 40, readyBytes: MAX_CALL.bytes, oldestReadyAt: NOW }, 0],
    ['not yet, a byte under that', { ready: 40, readyBytes: MAX_CALL.bytes - 1, oldestReadyAt: NOW }, NOW + 1000],
    ['at once, with an event of the future', { ready: 1, oldestReadyAt: NOW + 1 }, 0],
    ['in a second, with an event of this instant', { ready: 1, oldestReadyAt: NOW }, NOW + 1000],
    ['when what came back is due', { events: 5, returnedDueAt: NOW + 7000 }, NOW + 7000],
    ['with the earlier of both', { ready: 1, oldestReadyAt: NOW, returnedDueAt: NOW + 500 }, NOW + 500],
    ['with the earlier of both', { ready: 1, oldestReadyAt: NOW, returnedDueAt: NOW + 5000 }, NOW + 1000],
    ['by what came back alone, where an age is told of nothing', { oldestReadyAt: NOW, returnedDueAt: 7 }, 7],
  ])('%s', (_, status, at) => {
    expect(dueAt(lane(status), NOW)).toBe(at)
  })
})

it('a call has the contract’s 500 events, and leaves room in a body of 1 MiB for the rest', () => {
  expect(MAX_CALL.events).toBe(500)
  expect(MAX_CALL.bytes + 500 * 6 + 1000).toBeLessThanOrEqual(1024 * 1024)
})
