import { encodeTime, utf8Bytes } from '@warren/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EventQueue, Lease, QueueEntry, Settlement } from './ports.ts'

/** A queue to be tested. */
export interface QueueUnderTest {
  queue: EventQueue
  /** Durable queues alone: closes it and opens the same again. */
  reopen?: () => Promise<EventQueue>
  /** Closes and removes what the test used. */
  end: () => Promise<void>
}

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const START = Date.UTC(2026, 0, 1)
const PLENTY = { events: 500, bytes: 1_000_000 }

/** An entry whose event names its uuid. */
export function entry(uuid: string, lane = 'a/unmatched', filling = ''): QueueEntry {
  const json = JSON.stringify({ uuid, filling })
  return { uuid, lane, json, bytes: utf8Bytes(json) }
}

/** A time-ordered uuid. */
export const madeAt = (ms: number, tail = ''): string => encodeTime(ms) + `-tail${tail}`.padEnd(13, '-')

/** The uuids of a lease. */
export const uuidsOf = (lease: Lease | undefined): string[] | undefined =>
  lease?.events.map((line) => (JSON.parse(line) as { uuid: string }).uuid)

/** What every queue must do; see `ports.ts`. Run by each implementation's own test. */
export function eventQueueConformance(name: string, open: (options: { now: () => number }) => QueueUnderTest): void {
  describe(`${name} is an event queue`, () => {
    let clock = START
    let opened: QueueUnderTest
    let queue: EventQueue
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

    it('two queues know nothing of each other', async () => {
      const other = open({ now: () => clock })
      try {
        expect(await take('one')).toBe(true)
        expect(await other.queue.lanes()).toEqual([])
        expect(await other.queue.enqueue('s', [entry('one')])).toEqual({ fresh: 1, repeated: 0 })
      } finally {
        await other.end()
      }
    })

    describe('takes each (source, uuid) once', () => {
      it('within a request', async () => {
        expect(await queue.enqueue('s', [entry('one'), entry('two'), entry('one')])).toEqual({ fresh: 2, repeated: 1 })
        expect(uuidsOf(await lease())).toEqual(['one', 'two'])
      })

      it('within requests that come at once', async () => {
        const results = await Promise.all(Array.from({ length: 20 }, () => queue.enqueue('s', [entry('one')])))
        expect(results.filter(({ fresh, repeated }) => fresh === 1 && repeated === 0)).toHaveLength(1)
        expect(results.filter(({ fresh, repeated }) => fresh === 0 && repeated === 1)).toHaveLength(19)
        expect(uuidsOf(await lease())).toEqual(['one'])
      })

      it('across lanes, and not across sources', async () => {
        expect(await take('one')).toBe(true)
        expect(await queue.enqueue('s', [entry('one', 'b/matched')])).toEqual({ fresh: 0, repeated: 1 })
        expect(await lease(MINUTE_MS, PLENTY, 'b/matched')).toBeUndefined()
        expect(await take('one', 'another')).toBe(true)
      })

      it('after it was acknowledged', async () => {
        await take('one')
        await ack(await lease())
        expect(await take('one')).toBe(false)
        expect(await lease()).toBeUndefined()
      })

      it.each([
        ['made now', madeAt(START)],
        ['made 8 days before', madeAt(START - 8 * DAY_MS)],
        ['made 5 minutes ahead', madeAt(START + 5 * MINUTE_MS)],
        ['of another kind', 'order-123'],
        ['of one character', 'x'],
        ['of another alphabet', '订单-123'],
        ['with NUL', 'a\0b'],
        ['of a clock a year ahead', madeAt(START + 365 * DAY_MS)],
        ['of a clock a year behind', madeAt(START - 365 * DAY_MS)],
      ])('a uuid %s is known for 15 days', async (_, uuid) => {
        expect(await take(uuid)).toBe(true)
        for (const days of [0, 1, 7, 8, 9, 14]) {
          clock = START + days * DAY_MS + 1
          expect(await take(uuid), `after ${days} days`).toBe(false)
        }
        clock = START + 15 * DAY_MS - 1
        expect(await take(uuid)).toBe(false)
      })

      it.each([
        ['of another kind', 'order-123', 15 * DAY_MS],
        ['of a clock a year ahead', madeAt(START + 365 * DAY_MS), 15 * DAY_MS],
        ['of a clock a year behind', madeAt(START - 365 * DAY_MS), 15 * DAY_MS],
        ['made now', madeAt(START), 23 * DAY_MS + 1],
      ])('a uuid %s is taken again once the window is past', async (_, uuid, afterMs) => {
        expect(await take(uuid)).toBe(true)
        clock = START + afterMs
        expect(await take(uuid)).toBe(true)
        // And from this receipt on it is known anew.
        clock += 15 * DAY_MS - 1
        expect(await take(uuid)).toBe(false)
      })

      it('where it crosses the border between time-ordered and not, in both directions', async () => {
        const early = madeAt(START - 8 * DAY_MS + MINUTE_MS)
        const late = madeAt(START + 10 * MINUTE_MS)
        expect(await take(early)).toBe(true)
        expect(await take(late)).toBe(true)
        // The one falls out of the time-ordered, the other into them.
        clock = START + 6 * MINUTE_MS
        expect(await take(early)).toBe(false)
        expect(await take(late)).toBe(false)
        clock = START + 15 * DAY_MS - 1
        expect(await take(early)).toBe(false)
        expect(await take(late)).toBe(false)
        clock = START + 15 * DAY_MS
        expect(await take(late)).toBe(true)
      })

      it('uuids that differ in one place are two', async () => {
        const pairs = [
          madeAt(START, 'a'),
          madeAt(START, 'b'),
          'order-1',
          'order-12',
          'a\0b',
          'a\0c',
          'A',
          'a',
          '\u00e9',
          'e\u0301',
        ]
        for (const uuid of pairs) expect(await take(uuid), uuid).toBe(true)
      })
    })

    it('commits without events', async () => {
      expect(await queue.enqueue('', [])).toEqual({ fresh: 0, repeated: 0 })
      expect(await queue.lanes()).toEqual([])
    })

    it('tells what each lane holds', async () => {
      const [one, two, three] = [entry('1'), entry('2'), entry('3', 'b/matched')]
      await queue.enqueue('s', [one, three])
      clock += 5
      await queue.enqueue('s', [two])
      const bytes = one.bytes + two.bytes
      expect(await status()).toEqual({
        lane: 'a/unmatched',
        events: 2,
        bytes,
        ready: 2,
        readyBytes: bytes,
        oldestReadyAt: START,
      })
      const first = await lease(MINUTE_MS, { events: 1, bytes: 1000 })
      expect(await status()).toEqual({
        lane: 'a/unmatched',
        events: 2,
        bytes,
        ready: 1,
        readyBytes: two.bytes,
        oldestReadyAt: START + 5,
        returnedDueAt: clock + MINUTE_MS,
      })
      await queue.settle([{ lease: first?.id ?? 0, verdict: 'retry', afterMs: 7 }])
      expect(await status()).toMatchObject({ ready: 1, readyBytes: two.bytes, returnedDueAt: clock + 7 })
      clock += 7
      await ack(await lease())
      expect(await status()).toEqual({
        lane: 'a/unmatched',
        events: 1,
        bytes: two.bytes,
        ready: 1,
        readyBytes: two.bytes,
        oldestReadyAt: START + 5,
      })
      await ack(await lease())
      expect(await status()).toEqual({ lane: 'a/unmatched', events: 0, bytes: 0, ready: 0, readyBytes: 0 })
      expect(await status('b/matched')).toMatchObject({ events: 1, bytes: three.bytes })
    })

    it('asking a lane that was never used makes none', async () => {
      expect(await lease(1, PLENTY, 'never')).toBeUndefined()
      expect(await queue.lanes()).toEqual([])
    })

    describe('a lease', () => {
      it('keeps to its events and its bytes, in the order of the lane', async () => {
        const entries = ['1', '2', '3', '4', '5'].map((uuid) => entry(uuid))
        const [{ bytes }] = entries as [QueueEntry]
        for (const one of entries) await queue.enqueue('s', [one])
        expect(uuidsOf(await lease(1000, { events: 2, bytes: 10_000 }))).toEqual(['1', '2'])
        expect(uuidsOf(await lease(1000, { events: 9, bytes: 2 * bytes }))).toEqual(['3', '4'])
        expect(uuidsOf(await lease(1000, { events: 9, bytes: 2 * bytes - 1 }))).toEqual(['5'])
        expect(await lease()).toBeUndefined()
      })

      it('holds at least one event, however large', async () => {
        await queue.enqueue('s', [entry('1', 'a/unmatched', 'x'.repeat(1000)), entry('2')])
        expect(uuidsOf(await lease(1000, { events: 9, bytes: 10 }))).toEqual(['1'])
        expect(uuidsOf(await lease(1000, { events: 9, bytes: 10 }))).toEqual(['2'])
      })

      it('cuts what one request brought, and joins what many did', async () => {
        await queue.enqueue(
          's',
          Array.from({ length: 7 }, (_, i) => entry(`${i}`)),
        )
        for (let i = 7; i < 12; i++) await queue.enqueue('s', [entry(`${i}`)])
        const max = { events: 5, bytes: 10_000 }
        expect(uuidsOf(await lease(1000, max))).toEqual(['0', '1', '2', '3', '4'])
        expect(uuidsOf(await lease(1000, max))).toEqual(['5', '6', '7', '8', '9'])
        expect(uuidsOf(await lease(1000, max))).toEqual(['10', '11'])
      })

      it('comes back together when it ends, and says how often', async () => {
        await queue.enqueue('s', [entry('1'), entry('2')])
        expect(await lease(1000)).toMatchObject({ returns: 0 })
        await queue.enqueue('s', [entry('3')])
        clock += 999
        expect(uuidsOf(await lease(1000, { events: 1, bytes: 1 }))).toEqual(['3'])
        clock += 1
        // Whatever the limits say: the same call has the same events.
        const again = await lease(1000, { events: 1, bytes: 1 })
        expect(uuidsOf(again)).toEqual(['1', '2'])
        expect(again).toMatchObject({ returns: 1 })
        clock += 1000
        const [one, other] = [await lease(), await lease()]
        expect(new Set([one?.returns, other?.returns])).toEqual(new Set([1, 2]))
      })

      it('acknowledges what is named, by its place, and the rest comes back', async () => {
        await queue.enqueue(
          's',
          ['1', '2', '3', '4'].map((uuid) => entry(uuid)),
        )
        const first = await lease(1000)
        await ack(first, [1, 3])
        await ack(first, [1])
        expect(await status()).toMatchObject({ events: 2, ready: 0 })
        clock += 1000
        const second = await lease(1000)
        expect(uuidsOf(second)).toEqual(['1', '3'])
        // Places count in the lease at hand.
        await ack(second, [1])
        clock += 1000
        expect(uuidsOf(await lease())).toEqual(['1'])
        expect(await status()).toMatchObject({ events: 1, ready: 0 })
      })

      it('that has ended still tells the truth', async () => {
        await queue.enqueue('s', [entry('1'), entry('2')])
        const first = await lease(1000)
        clock += 1000
        const second = await lease(1000)
        expect(uuidsOf(second)).toEqual(['1', '2'])
        await ack(first, [0])
        expect(await status()).toMatchObject({ events: 1, ready: 0 })
        // Its word on what is leased anew counts no more.
        await queue.settle([{ lease: first?.id ?? 0, verdict: 'retry', afterMs: 1 }])
        clock += 1
        expect(await lease()).toBeUndefined()
        await ack(second)
        await ack(second)
        await ack(first)
        expect(await status()).toMatchObject({ events: 0, bytes: 0, ready: 0, readyBytes: 0 })
        clock += MINUTE_MS
        expect(await lease()).toBeUndefined()
      })

      it('sends nothing back that is leased anew, not a part either', async () => {
        await queue.enqueue(
          's',
          ['0', '1', '2'].map((uuid) => entry(uuid)),
        )
        const first = await lease(1000)
        clock += 1000
        const second = await lease(10_000)
        await queue.settle([{ lease: first?.id ?? 0, verdict: 'retry', places: [1], afterMs: 0 }])
        expect(await lease()).toBeUndefined()
        expect(await status()).toMatchObject({ events: 3, ready: 0, returnedDueAt: clock + 10_000 })
        await ack(second)
        expect(await status()).toEqual({ lane: 'a/unmatched', events: 0, bytes: 0, ready: 0, readyBytes: 0 })
      })

      it('settles wholly through an earlier one: nothing comes back', async () => {
        await queue.enqueue('s', [entry('1')])
        const first = await lease(1000)
        clock += 1000
        await lease(1000)
        await ack(first)
        clock += 1000
        expect(await lease()).toBeUndefined()
        expect(await status()).toEqual({ lane: 'a/unmatched', events: 0, bytes: 0, ready: 0, readyBytes: 0 })
      })

      it.each<[string, (id: number) => Settlement[]]>([
        [
          'ack some, retry the rest',
          (id) => [
            { lease: id, verdict: 'ack', places: [0, 2] },
            { lease: id, verdict: 'retry', afterMs: 5 },
          ],
        ],
        [
          'retry some, ack the rest',
          (id) => [
            { lease: id, verdict: 'retry', places: [1, 3], afterMs: 5 },
            { lease: id, verdict: 'ack' },
          ],
        ],
        [
          'ack the rest, retry some',
          (id) => [
            { lease: id, verdict: 'ack' },
            { lease: id, verdict: 'retry', places: [1, 3], afterMs: 5 },
          ],
        ],
      ])('settles in one step: %s', async (_, settlements) => {
        await queue.enqueue(
          's',
          ['0', '1', '2', '3'].map((uuid) => entry(uuid)),
        )
        const first = await lease()
        await queue.settle(settlements(first?.id ?? 0))
        expect(await status()).toMatchObject({ events: 2, ready: 0, returnedDueAt: clock + 5 })
        clock += 4
        expect(await lease()).toBeUndefined()
        clock += 1
        const second = await lease()
        expect(uuidsOf(second)).toEqual(['1', '3'])
        await ack(second)
        expect(await status()).toEqual({ lane: 'a/unmatched', events: 0, bytes: 0, ready: 0, readyBytes: 0 })
      })

      it('sends a part back on a way of its own', async () => {
        await queue.enqueue(
          's',
          ['0', '1', '2', '3'].map((uuid) => entry(uuid)),
        )
        const first = await lease(1000)
        await queue.settle([{ lease: first?.id ?? 0, verdict: 'retry', places: [0, 1], afterMs: 10 }])
        await queue.settle([{ lease: first?.id ?? 0, verdict: 'retry', places: [2], afterMs: 20 }])
        clock += 10
        expect(uuidsOf(await lease(10_000))).toEqual(['0', '1'])
        clock += 10
        expect(uuidsOf(await lease(10_000))).toEqual(['2'])
        // An ack of all that is left, and one by name of what went on.
        await ack(first)
        expect(await status()).toMatchObject({ events: 3, ready: 0 })
        clock += 10_000
        const back = [uuidsOf(await lease()), uuidsOf(await lease()), uuidsOf(await lease())]
        expect(new Set(back)).toEqual(new Set([['0', '1'], ['2'], undefined]))
      })

      it('outlives a part of it that has gone its way', async () => {
        await queue.enqueue('s', [entry('0'), entry('1')])
        const first = await lease()
        await queue.settle([{ lease: first?.id ?? 0, verdict: 'retry', places: [1], afterMs: 0 }])
        await ack(await lease())
        await ack(first)
        expect(await status()).toEqual({ lane: 'a/unmatched', events: 0, bytes: 0, ready: 0, readyBytes: 0 })
      })

      it('of several lanes settles in one step', async () => {
        await queue.enqueue('s', [entry('1'), entry('2', 'b/matched')])
        const [one, other] = [await lease(), await lease(MINUTE_MS, PLENTY, 'b/matched')]
        await queue.settle([
          { lease: one?.id ?? 0, verdict: 'ack' },
          { lease: other?.id ?? 0, verdict: 'ack' },
        ])
        expect((await queue.lanes()).map(({ events }) => events)).toEqual([0, 0])
      })

      it('that nobody knows settles nothing', async () => {
        await take('1')
        await queue.settle([{ lease: 99, verdict: 'ack' }])
        await queue.settle([])
        const first = await lease()
        await ack(first, [7, -1])
        expect(await status()).toMatchObject({ events: 1 })
      })
    })

    it('a batch that comes back a hundred times stays whole', async () => {
      await queue.enqueue('s', [entry('1'), entry('2')])
      for (let i = 0; i < 100; i++) {
        const held = await lease(1000)
        expect(held).toMatchObject({ returns: i })
        await queue.settle([{ lease: held?.id ?? 0, verdict: 'retry', afterMs: 10 }])
        clock += 10
      }
      const last = await lease()
      expect(uuidsOf(last)).toEqual(['1', '2'])
      await ack(last)
      expect(await status()).toMatchObject({ events: 0, ready: 0 })
    })

    it('keeps odd text as it is', async () => {
      const odd = { nul: 'a\0b', half: '\ud83d', line: '\u2028\u2029\n\r', smile: '😀', zh: '兔展', quote: `'";--` }
      const json = JSON.stringify({ uuid: 'odd', odd })
      await queue.enqueue('s', [{ uuid: 'odd', lane: 'a/unmatched', json, bytes: utf8Bytes(json) }])
      const held = await lease(1)
      expect(held?.events).toEqual([json])
      expect((JSON.parse(held?.events[0] ?? '') as { odd: unknown }).odd).toEqual(odd)
      clock += 1
      expect((await lease())?.events).toEqual([json])
    })

    it('once closed refuses everything, and closes twice', async () => {
      await take('1')
      const pending = queue.enqueue('s', [entry('2')])
      await queue.close()
      expect(await pending).toEqual({ fresh: 1, repeated: 0 })
      await queue.close()
      await expect(queue.enqueue('s', [])).rejects.toThrow('closed')
      await expect(queue.lanes()).rejects.toThrow('closed')
      await expect(lease()).rejects.toThrow('closed')
      await expect(queue.settle([])).rejects.toThrow('closed')
    })

    it.each([1, 2, 3, 4, 5])('does as a naive model does, seed %i', async (seed) => {
      const random = seeded(seed)
      const below = (limit: number) => Math.floor(random() * limit)
      const model = naiveModel()
      const lanes = ['a/unmatched', 'a/matched', 'b/unmatched']
      for (let step = 0; step < 600; step++) {
        const what = `seed ${seed}, step ${step}`
        switch (below(opened.reopen && below(8) === 0 ? 6 : 5)) {
          case 0: {
            const requests = Array.from({ length: 1 + below(3) }, () => ({
              source: `s${below(2)}`,
              entries: Array.from({ length: below(12) }, () =>
                entry(
                  below(2) ? `order-${below(400)}` : madeAt(START + below(400)),
                  lanes[below(3)],
                  'x'.repeat(below(90)),
                ),
              ),
            }))
            const given = await Promise.all(requests.map(({ source, entries }) => queue.enqueue(source, entries)))
            const wanted = requests.map(({ source, entries }) => model.enqueue(source, entries))
            expect(given, what).toEqual(wanted)
            break
          }
          case 1:
            clock += below(400)
            break
          case 2:
          case 3: {
            const lane = lanes[below(3)] ?? ''
            const max = { events: 1 + below(15), bytes: 1 + below(1500) }
            const forMs = 1 + below(900)
            const given = await queue.lease(lane, max, forMs)
            model.lease(lane, max, clock + forMs, clock, given, what)
            break
          }
          case 4: {
            const held = model.recent(below(1000))
            if (!held) break
            const some = Array.from({ length: held.size }, (_, place) => place).filter(() => below(2) === 1)
            const afterMs = below(500)
            const wholes: Settlement[][] = [
              [{ lease: held.id, verdict: 'ack' }],
              [{ lease: held.id, verdict: 'ack', places: some }],
              [{ lease: held.id, verdict: 'retry', afterMs }],
              [{ lease: held.id, verdict: 'retry', places: some, afterMs }],
              [
                { lease: held.id, verdict: 'ack', places: some },
                { lease: held.id, verdict: 'retry', afterMs },
              ],
              [
                { lease: held.id, verdict: 'retry', places: some, afterMs },
                { lease: held.id, verdict: 'ack' },
              ],
            ]
            const settlements = wholes[below(wholes.length)] ?? []
            await queue.settle(settlements)
            model.settle(settlements, clock)
            break
          }
          case 5:
            queue = (await opened.reopen?.()) ?? queue
            model.reopen()
            break
        }
        const totals = (await queue.lanes()).map(({ lane, events, bytes, ready, readyBytes }) => ({
          lane,
          events,
          bytes,
          ready,
          readyBytes,
        }))
        expect(byLane(totals), what).toEqual(byLane(model.lanes()))
      }
      // Whatever is left comes out, once.
      for (const lane of lanes) {
        clock += DAY_MS
        for (;;) {
          const given = await queue.lease(lane, PLENTY, MINUTE_MS)
          model.lease(lane, PLENTY, clock + MINUTE_MS, clock, given, `seed ${seed}, at the end`)
          if (!given) break
          const settlements: Settlement[] = [{ lease: given.id, verdict: 'ack' }]
          await queue.settle(settlements)
          model.settle(settlements, clock)
        }
      }
      expect(model.left()).toBe(0)
      for (const one of await queue.lanes()) expect(one).toMatchObject({ events: 0, bytes: 0, ready: 0, readyBytes: 0 })
    })
  })
}

const byLane = (list: { lane: string }[]) => list.toSorted((a, b) => (a.lane < b.lane ? -1 : 1))

/** mulberry32: small, seeded, good enough for tests. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface ModelEvent {
  lane: string
  json: string
  bytes: number
  isDone: boolean
  /** Returned or leased with these; ready where undefined. */
  batch?: ModelBatch
}

interface ModelBatch {
  dueAt: number
  returns: number
  isLive: boolean
}

/** The queue as a list of events, looked through from its beginning for everything. Knows no expiry. */
function naiveModel() {
  const seen = new Set<string>()
  let events: ModelEvent[] = []
  let leases: { id: number; places: ModelEvent[]; batch: ModelBatch }[] = []
  const used = new Set<string>()
  /** The parts that leases sent on a way of their own. */
  let sentAway: { lease: number; event: ModelEvent }[] = []
  const gone = (held: { id: number }, event: ModelEvent) =>
    sentAway.some((part) => part.lease === held.id && part.event === event)
  const open = (lane: string) => events.filter((event) => event.lane === lane && !event.isDone)
  const bytesOf = (list: ModelEvent[]) => list.reduce((sum, { bytes }) => sum + bytes, 0)

  return {
    enqueue(source: string, entries: QueueEntry[]) {
      let fresh = 0
      for (const { uuid, lane, json, bytes } of entries) {
        const key = `${source} ${uuid}`
        if (seen.has(key)) continue
        seen.add(key)
        used.add(lane)
        events.push({ lane, json, bytes, isDone: false })
        fresh++
      }
      return { fresh, repeated: entries.length - fresh }
    },
    lease(
      lane: string,
      max: { events: number; bytes: number },
      untilAt: number,
      now: number,
      given: Lease | undefined,
      what: string,
    ) {
      const dueAt = Math.min(...open(lane).map(({ batch }) => (batch && batch.dueAt <= now ? batch.dueAt : Infinity)))
      const due = new Set(open(lane).flatMap(({ batch }) => (batch && batch.dueAt === dueAt ? [batch] : [])))
      let handed: ModelEvent[] = []
      let returns = 0
      if (due.size > 0) {
        // Of two that are due at one instant either may come.
        const choices = [...due].map((batch) => open(lane).filter((event) => event.batch === batch))
        const lines = choices.map((list) => list.map(({ json }) => json))
        expect(lines, what).toContainEqual(given?.events)
        handed = choices[lines.findIndex((one) => one.join() === given?.events.join())] ?? []
        returns = (handed[0]?.batch?.returns ?? 0) + 1
      } else {
        for (const event of open(lane).filter(({ batch }) => !batch)) {
          if (handed.length >= max.events) break
          if (handed.length > 0 && bytesOf(handed) + event.bytes > max.bytes) break
          handed.push(event)
        }
        if (handed.length === 0) return expect(given, what).toBeUndefined()
        expect(given?.events, what).toEqual(handed.map(({ json }) => json))
      }
      expect(given?.returns, what).toBe(returns)
      const batch: ModelBatch = { dueAt: untilAt, returns, isLive: true }
      for (const event of handed) {
        if (event.batch) event.batch.isLive = false
        event.batch = batch
      }
      leases.push({ id: given?.id ?? 0, places: handed, batch })
    },
    /** One of the last few leases. */
    recent(number: number) {
      const few = leases.slice(-6)
      const one = few[number % (few.length || 1)]
      return one && { id: one.id, size: one.places.length }
    },
    settle(settlements: Settlement[], now: number) {
      const find = (id: number) => leases.find((lease) => lease.id === id)
      const sentBack = new Set<ModelEvent>()
      for (const { lease, verdict, places } of settlements) {
        if (verdict === 'retry')
          for (const place of places ?? []) sentBack.add(find(lease)?.places[place] as ModelEvent)
      }
      for (const { lease, verdict, places } of settlements) {
        const held = find(lease)
        if (!held || verdict !== 'ack') continue
        if (places) for (const place of places) held.places.at(place)!.isDone = true
        else {
          for (const event of held.places) {
            // Under a later lease, this one's word holds for all it had, but for the part it sent away itself.
            const isWithIt = held.batch.isLive ? event.batch === held.batch : !gone(held, event)
            if (isWithIt && !sentBack.has(event)) event.isDone = true
          }
        }
      }
      for (const settlement of settlements) {
        const held = find(settlement.lease)
        if (!held || settlement.verdict !== 'retry' || !held.batch.isLive) continue
        const wanted = settlement.places?.map((place) => held.places[place]) ?? held.places
        const leaving = held.places.filter(
          (event) => wanted.includes(event) && event.batch === held.batch && !event.isDone,
        )
        const staying = held.places.filter(
          (event) => event.batch === held.batch && !event.isDone && !leaving.includes(event),
        )
        if (leaving.length === 0) continue
        if (staying.length === 0) held.batch.dueAt = now + settlement.afterMs
        else {
          const part: ModelBatch = { dueAt: now + settlement.afterMs, returns: held.batch.returns, isLive: true }
          for (const event of leaving) event.batch = part
          sentAway.push(...leaving.map((event) => ({ lease: held.id, event })))
        }
      }
    },
    reopen() {
      events = events.filter(({ isDone }) => !isDone)
      for (const event of events) delete event.batch
      leases = []
      sentAway = []
    },
    lanes: () =>
      [...used].map((lane) => {
        const ready = open(lane).filter(({ batch }) => !batch)
        return {
          lane,
          events: open(lane).length,
          bytes: bytesOf(open(lane)),
          ready: ready.length,
          readyBytes: bytesOf(ready),
        }
      }),
    left: () => events.filter(({ isDone }) => !isDone).length,
  }
}
