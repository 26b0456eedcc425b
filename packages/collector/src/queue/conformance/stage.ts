import { encodeTime, utf8Bytes } from '@warren/protocol'
import { afterEach, beforeEach } from 'vitest'
import type { DeadLetters } from '../dead-letters.ts'
import type { EventQueue, Lease, QueueEntry, Settlement } from '../ports.ts'
import type { QueueLimits } from '../queue-limits.ts'

export type QueueWithDead = EventQueue & { dead: DeadLetters }

/** A queue to be tested. */
export interface QueueUnderTest {
  queue: QueueWithDead
  /** Durable queues alone: closes it and opens the same again. */
  reopen?: () => Promise<QueueWithDead>
  /** Closes and removes what the test used. */
  end: () => Promise<void>
}

export const MINUTE_MS = 60_000
export const DAY_MS = 24 * 60 * MINUTE_MS
export const START = Date.UTC(2026, 0, 1)
export const PLENTY = { events: 500, bytes: 1_000_000 }

/** An entry whose event names its uuid. */
export function entry(uuid: string, lane = 'a/unmatched', filling = ''): QueueEntry {
  const json = JSON.stringify({ uuid, filling })
  return { uuid, lane, json, bytes: utf8Bytes(json) }
}

/** An entry that dead letters are found by more than one way. */
export function richEntry(
  uuid: string,
  {
    lane = 'a/unmatched',
    eventKey = 'c_buy',
    ...rest
  }: { lane?: string; eventKey?: string } & Record<string, unknown> = {},
): QueueEntry {
  const json = JSON.stringify({ uuid, eventKey, ...rest })
  return { uuid, lane, json, bytes: utf8Bytes(json) }
}

/** How a test buries where it does not matter how. */
export const GRAVE = { reason: 'refused', code: '400', words: 'no such key', attempts: 3 } as const

/** A time-ordered uuid. */
export const madeAt = (ms: number, tail = ''): string => encodeTime(ms) + `-tail${tail}`.padEnd(13, '-')

/** The uuids of a lease. */
export const uuidsOf = (lease: Lease | undefined): string[] | undefined =>
  lease?.events.map((line) => (JSON.parse(line) as { uuid: string }).uuid)

type Grave = Pick<Extract<Settlement, { verdict: 'bury' }>, 'reason' | 'code' | 'words' | 'attempts'>

export type OpenQueue = (options: { now: () => number; limits?: Partial<QueueLimits> }) => QueueUnderTest
export type ConformanceStage = ReturnType<typeof conformanceStage>

/** A queue on a clock that is set by hand: new for each test of the suite in which this is called. */
export function conformanceStage(open: OpenQueue) {
  let clock = START
  let opened: QueueUnderTest
  let queue: QueueWithDead
  beforeEach(() => {
    clock = START
    opened = open({ now: () => clock })
    queue = opened.queue
  })
  afterEach(() => opened.end())

  const take = async (uuid: string, source = 's') => (await queue.enqueue(source, [entry(uuid)])).fresh === 1
  const lease = (forMs = MINUTE_MS, max = PLENTY, lane = 'a/unmatched') => queue.lease(lane, max, forMs)
  const status = async (lane = 'a/unmatched') => (await queue.lanes()).find((one) => one.lane === lane)
  const ack = (of: Lease | undefined, places?: number[]) =>
    queue.settle([{ lease: of?.id ?? -1, verdict: 'ack', ...(places ? { places } : {}) }])

  const bury = (of: Lease | undefined, places?: number[], grave: Partial<Grave> = {}) =>
    queue.settle([{ lease: of?.id ?? -1, verdict: 'bury', ...GRAVE, ...grave, ...(places ? { places } : {}) }])

  return {
    take,
    lease,
    status,
    ack,
    bury,
    /** Takes these events and buries them; gives the letters, the newest first. */
    async buried(entries: readonly QueueEntry[], source = 's') {
      await queue.enqueue(source, entries)
      for (const lane of new Set(entries.map((one) => one.lane))) await bury(await lease(MINUTE_MS, PLENTY, lane))
      return (await queue.dead.list({})).letters
    },
    /** Another queue, on the same clock. */
    openAnother: (limits: Partial<QueueLimits> = {}) => open({ now: () => clock, limits }),
    /** Closes a durable queue and opens it again; leaves another as it is. */
    async reopen() {
      queue = (await opened.reopen?.()) ?? queue
    },
    get dead() {
      return queue.dead
    },
    get opened() {
      return opened
    },
    get clock() {
      return clock
    },
    set clock(ms) {
      clock = ms
    },
    get queue() {
      return queue
    },
    set queue(other) {
      queue = other
    },
  }
}
