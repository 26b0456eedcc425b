import { describe, expect, it } from 'vitest'
import { MAX_RETRY_AFTER_MS, parseRetryAfter } from '@warren/protocol'
import type { Outcome } from '@warren/rabbitpre'
import { memoryQueue } from '../queue/memory.ts'
import type { EventQueue } from '../queue/ports.ts'
import { silentTelemetry, type Telemetry } from '../telemetry.ts'
import { createForwarder, type Upstream } from './forwarder.ts'

const START = Date.UTC(2026, 0, 1)
const LANE = 'a/unmatched'
const OTHER = 'b/unmatched'

const delivered: Outcome = { kind: 'delivered' }
const down = { kind: 'unavailable', isInDoubt: true, words: 'HTTP 503' } satisfies Outcome
const halting: Outcome[] = [
  down,
  { kind: 'unauthorised', isRenewable: true, generation: 1, code: '100200', words: 'token' },
  { kind: 'misconfigured', status: 302, words: 'a redirect' },
]
const refusing: Outcome[] = [
  { kind: 'refused', code: '100400', words: 'code 100400' },
  { kind: 'tooLarge', words: 'HTTP 413' },
]

interface Call {
  lane: string
  at: number
  uuids: string[]
  answer: (outcome: Outcome) => void
}

/** A forwarder on a fake clock, whose wake-ups are played as a timer would play them. */
function stage(wrap: (queue: EventQueue) => EventQueue = (queue) => queue) {
  let clock = START
  let next = Infinity
  let wakes = 0
  let random = 1
  let script: (call: Call) => Outcome | undefined = () => delivered
  const calls: Call[] = []
  const logs: string[] = []
  const counted: string[] = []
  const telemetry: Telemetry = {
    ...silentTelemetry,
    log: (_level, message, fields) => logs.push(`${message} ${JSON.stringify(fields)}`),
    count: (name, labels, by = 1) => counted.push(`${name} ${Object.values(labels).join(' ')} ${by}`),
  }
  const lanesWithout = new Set<string>()
  const store = memoryQueue({ now: () => clock })
  const queue = wrap(store)
  const upstreamOf =
    (lane: string): Upstream =>
    (lines) =>
      new Promise((answer) => {
        const uuids = lines.map((line) => (JSON.parse(line) as { uuid: string }).uuid)
        const call = { lane, at: clock - START, uuids, answer }
        calls.push(call)
        const outcome = script(call)
        if (outcome) answer(outcome)
      })
  const forwarder = createForwarder({
    queue,
    upstreamOf: (lane) => (lanesWithout.has(lane) ? undefined : upstreamOf(lane)),
    wakeAt: (at) => {
      expect(at).toBeLessThan(START + 1e12)
      next = Math.min(next, at)
    },
    telemetry,
    now: () => clock,
    random: () => random,
  })
  /** All that is ready now has its turn: nothing here waits for more than microtasks. */
  const settle = () => new Promise((resolve) => setImmediate(resolve))

  return {
    queue: store,
    forwarder,
    calls,
    logs,
    counted,
    lanesWithout,
    settle,
    wakes: () => wakes,
    next: () => next - START,
    now: () => clock,
    set: (changes: { random?: number; script?: typeof script }) => {
      random = changes.random ?? random
      script = changes.script ?? script
    },
    /** Puts events into a lane and asks for a look, as the composition root does. */
    async put(count: number, prefix: string, lane = LANE, bytes = 10) {
      const entries = Array.from({ length: count }, (_, i) => {
        const uuid = `${prefix}${i}`
        return { uuid, lane, json: JSON.stringify({ uuid }), bytes }
      })
      await store.enqueue('s', entries)
      next = Math.min(next, clock)
    },
    /** As a timer that has come to its end: what was asked for before is forgotten. */
    run() {
      next = Infinity
      return forwarder.run(clock)
    },
    /** Lets time pass up to this many milliseconds after the start. */
    async until(ms: number) {
      while (next <= START + ms) {
        clock = Math.max(clock, next)
        next = Infinity
        wakes++
        // A loop that never ends must fail, not hang.
        if (wakes > 20_000) throw new Error('a hot loop')
        void forwarder.run(clock)
        await settle()
      }
      clock = Math.max(clock, START + ms)
    },
    left: async (lane = LANE) => (await store.lanes()).find((one) => one.lane === lane)?.events,
    stateOf: (lane = LANE) => forwarder.lanes().find((one) => one.lane === lane),
  }
}

describe('idle', () => {
  it('lets a lone event wait a second for company, and no longer', async () => {
    const { put, until, calls, left, wakes } = stage()
    await put(1, 'a')
    await until(999)
    expect(calls).toHaveLength(0)
    await until(1000)
    expect(calls).toMatchObject([{ at: 1000, uuids: ['a0'] }])
    expect(await left()).toBe(0)
    await until(600_000)
    // Once to look, once to send; then nobody asks for anything.
    expect(wakes()).toBe(2)
  })

  it('counts the second from the oldest', async () => {
    const { put, until, calls } = stage()
    await put(1, 'a')
    for (let ms = 100; ms <= 900; ms += 100) {
      await until(ms)
      await put(1, `b${ms}-`)
    }
    await until(2500)
    expect(calls.map(({ at, uuids }) => [at, uuids.length])).toEqual([[1000, 10]])
  })

  it('calls at once where a call is full, by events or by bytes, and goes on while it is', async () => {
    const { put, until, calls } = stage()
    await put(1250, 'a')
    await until(0)
    expect(calls.map(({ uuids }) => uuids.length)).toEqual([500, 500])
    await until(1000)
    expect(calls[2]).toMatchObject({ at: 1000 })
    expect(calls[2]?.uuids).toHaveLength(250)
    await put(35, 'large', LANE, 30_000)
    await until(1000)
    expect(calls[3]?.uuids).toHaveLength(33)
    expect(new Set(calls.flatMap(({ uuids }) => uuids)).size).toBe(1250 + 33)
  })

  it('of a lane that says it is due and hands nothing out, asks again without a hot loop', async () => {
    const { put, until, calls, wakes } = stage((queue) => ({ ...queue, lease: () => Promise.resolve(undefined) }))
    await put(500, 'a')
    await until(60_000)
    expect(calls).toHaveLength(0)
    expect(wakes()).toBeGreaterThan(10)
    expect(wakes()).toBeLessThanOrEqual(65)
  })
})

describe('calling', () => {
  it('one lane makes one call at a time, however often it is asked', async () => {
    const { put, run, settle, calls, set, stateOf } = stage()
    set({ script: () => undefined })
    await put(1500, 'a')
    for (let i = 0; i < 20; i++) void run()
    await settle()
    expect(calls).toHaveLength(1)
    expect(stateOf()).toMatchObject({ state: 'calling', events: 1500 })
    for (let i = 0; i < 20; i++) void run()
    await settle()
    expect(calls).toHaveLength(1)
    set({ script: () => delivered })
    calls[0]?.answer(delivered)
    await settle()
    expect(calls.map(({ uuids }) => uuids.length)).toEqual([500, 500, 500])
    expect(stateOf()).toMatchObject({ state: 'idle', events: 0, lastOutcome: 'delivered' })
  })

  it('what comes while a call is under way is not forgotten, even where the view was older', async () => {
    let hold: (() => void) | undefined
    let isHolding = false
    const { put, run, settle, calls, set, until, left, queue } = stage((store) => ({
      ...store,
      // The lane's own look is slow and sees what was before; a look by `run` overtakes it.
      async lanes() {
        const seen = await store.lanes()
        if (isHolding && !hold) await new Promise<void>((resolve) => (hold = resolve))
        return seen
      },
    }))
    set({ script: () => undefined })
    await put(500, 'a')
    void run()
    await settle()
    isHolding = true
    calls[0]?.answer(delivered)
    await settle()
    expect(hold).toBeDefined()
    await put(1, 'late')
    void run()
    await settle()
    set({ script: () => delivered })
    hold?.()
    await settle()
    await until(2000)
    expect(calls[1]).toMatchObject({ uuids: ['late0'] })
    expect(await left()).toBe(0)
    expect((await queue.lanes())[0]).toMatchObject({ events: 0 })
  })

  it('a slow lane holds no other', async () => {
    const { put, until, calls, set } = stage()
    set({ script: ({ lane }) => (lane === LANE ? undefined : delivered) })
    await put(500, 'a')
    await put(1500, 'b', OTHER)
    await until(0)
    expect(calls.filter(({ lane }) => lane === LANE)).toHaveLength(1)
    expect(calls.filter(({ lane }) => lane === OTHER)).toHaveLength(3)
    await put(1, 'c', OTHER)
    await until(1000)
    expect(calls.at(-1)).toMatchObject({ lane: OTHER, uuids: ['c0'] })
  })
})

describe.each(halting)('$kind', (outcome) => {
  it('brings the batch back whole, holds the lane, and is well with the next success', async () => {
    const { put, until, calls, set, stateOf, left, logs } = stage()
    let answers = 3
    set({ script: () => (answers-- > 0 ? outcome : delivered) })
    await put(500, 'a')
    await until(0)
    await put(500, 'b')
    await until(999)
    expect(calls).toHaveLength(1)
    expect(stateOf()).toMatchObject({ state: 'waiting', lastOutcome: outcome.kind, events: 1000 })
    // With random() at 1 the waits are 1 s, 2 s, 4 s.
    await until(7000)
    expect(calls.map(({ at, uuids }) => [at, uuids[0], uuids.length])).toEqual([
      [0, 'a0', 500],
      [1000, 'a0', 500],
      [3000, 'a0', 500],
      [7000, 'a0', 500],
      [7000, 'b0', 500],
    ])
    expect(await left()).toBe(0)
    expect(stateOf()).toMatchObject({ state: 'idle', lastOutcome: 'delivered' })
    expect(logs).toHaveLength(3)
    // The back-off began anew.
    answers = 1
    await put(500, 'c')
    await until(8000)
    expect(calls.slice(-2).map(({ at }) => at)).toEqual([7000, 8000])
  })

  it('waits at most a minute, and never in a hot loop', async () => {
    const { put, until, calls, set, wakes, left } = stage()
    set({ script: () => outcome })
    await put(1, 'a')
    await until(3_600_000)
    const waits = calls.slice(1).map(({ at }, i) => at - (calls[i]?.at ?? 0))
    expect(Math.max(...waits)).toBe(60_000)
    expect(calls.length).toBeLessThanOrEqual(70)
    expect(wakes()).toBeLessThanOrEqual(2 * calls.length + 5)
    expect(await left()).toBe(1)
  })

  it('with a jitter of nothing does not run hot for ever', async () => {
    const { put, set, calls, run } = stage()
    set({ random: 0, script: () => (calls.length < 50 ? outcome : delivered) })
    await put(500, 'a')
    await run()
    expect(calls).toHaveLength(50)
  })
})

describe('Retry-After', () => {
  it('counts where it is longer than the back-off', async () => {
    const { put, until, calls, set } = stage()
    const waits = [30_000, 1, undefined]
    set({
      script: () => {
        if (waits.length === 0) return delivered
        const retryAfterMs = waits.shift()
        return { ...down, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
      },
    })
    await put(500, 'a')
    await until(120_000)
    // 30 s as asked; then the back-off's own 2 s and 4 s.
    expect(calls.map(({ at }) => at)).toEqual([0, 30_000, 32_000, 36_000])
  })

  it.each([
    '2147484',
    '9999999999',
    '-1',
    '0',
    'NaN',
    '1e3',
    '',
    'Fri, 01 Jan 2038 00:00:00 GMT',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'Fri, 31 Feb 2038 99:99:99 GMT',
    '5, 7',
    ' ',
  ])('%j leads to no hot loop and to no silence', async (header) => {
    const { put, until, calls, set } = stage()
    const retryAfterMs = parseRetryAfter(header, START)
    let answers = 4
    set({
      script: () => (answers-- > 0 ? { ...down, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } : delivered),
    })
    await put(500, 'a')
    await until(4 * MAX_RETRY_AFTER_MS)
    expect(calls).toHaveLength(5)
    const waits = calls.slice(1).map(({ at }, i) => at - (calls[i]?.at ?? 0))
    waits.forEach((wait, i) => {
      expect(wait).toBeGreaterThanOrEqual(1000 * 2 ** i)
      expect(wait).toBeLessThanOrEqual(MAX_RETRY_AFTER_MS)
    })
  })
})

describe.each(refusing)('$kind', (outcome) => {
  it('lets the batch wait alone, from 5 s to 5 minutes; the others go on', async () => {
    const { put, until, calls, set, stateOf, left } = stage()
    set({ script: ({ uuids }) => (uuids.includes('bad0') ? outcome : delivered) })
    await put(500, 'bad')
    await put(1000, 'good')
    await until(0)
    expect(calls.map(({ uuids }) => uuids[0])).toEqual(['bad0', 'good0', 'good500'])
    expect(stateOf()).toMatchObject({ state: 'idle', events: 500 })
    await put(500, 'more')
    await until(4999)
    expect(calls).toHaveLength(4)
    await until(3_600_000)
    const again = calls.filter(({ uuids }) => uuids[0] === 'bad0')
    expect(again.every(({ uuids }) => uuids.length === 500)).toBe(true)
    const waits = again.slice(1).map(({ at }, i) => at - (again[i]?.at ?? 0))
    expect(waits.slice(0, 7)).toEqual([5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000])
    expect(Math.max(...waits)).toBe(300_000)
    expect(await left()).toBe(500)
    // Whenever it is taken after all, it is gone.
    set({ script: () => delivered })
    await until(4_000_000)
    expect(await left()).toBe(0)
  })

  it('waits 5 s at the least, whatever the jitter', async () => {
    const { put, until, calls, set } = stage()
    set({ random: 0, script: () => outcome })
    await put(1, 'bad')
    await until(61_000)
    expect(calls.length).toBeLessThanOrEqual(13)
  })
})

describe('a lane without a destination', () => {
  it('keeps its events, says so, and holds no other', async () => {
    const { put, until, calls, lanesWithout, stateOf, logs, wakes } = stage()
    lanesWithout.add(LANE)
    await put(500, 'a')
    await put(500, 'b', OTHER)
    await until(600_000)
    expect(calls.map(({ lane }) => lane)).toEqual([OTHER])
    expect(stateOf()).toEqual({
      lane: LANE,
      state: 'waiting',
      events: 500,
      lastOutcome: 'no destination',
      words: 'no destination a is configured',
    })
    expect(logs.length).toBeLessThanOrEqual(11)
    expect(wakes()).toBeLessThanOrEqual(30)
    lanesWithout.clear()
    await until(660_000)
    expect(calls.filter(({ lane }) => lane === LANE)).toHaveLength(1)
  })
})

describe('a queue in trouble', () => {
  it('that cannot record a delivery is asked again before anything else is sent: nothing goes twice', async () => {
    let failures = 5
    const { put, until, calls, left, counted, wakes, stateOf } = stage((queue) => ({
      ...queue,
      settle: (settlements) => (failures-- > 0 ? Promise.reject(new Error('disk full')) : queue.settle(settlements)),
    }))
    await put(1000, 'a')
    await until(0)
    expect(calls).toHaveLength(1)
    expect(stateOf()).toMatchObject({ state: 'waiting' })
    // Long before the lease ends.
    await until(40_000)
    expect(calls.map(({ uuids }) => uuids[0])).toEqual(['a0', 'a500'])
    expect(await left()).toBe(0)
    expect(wakes()).toBeLessThanOrEqual(20)
    expect(counted.filter((line) => line.startsWith('delivered'))).toEqual([
      `delivered ${LANE} 500`,
      `delivered ${LANE} 500`,
    ])
  })

  it('that cannot record the last delivery of a lane does so once it can, and not at the lease’s end', async () => {
    let failures = 2
    const { put, until, left } = stage((queue) => ({
      ...queue,
      settle: (settlements) => (failures-- > 0 ? Promise.reject(new Error('disk full')) : queue.settle(settlements)),
    }))
    await put(500, 'a')
    await until(10_000)
    expect(await left()).toBe(0)
  })

  it('that is well again only after the lease has ended: nothing goes twice all the same', async () => {
    let isFull = true
    const { put, until, calls, left } = stage((queue) => ({
      ...queue,
      settle: (settlements) => (isFull ? Promise.reject(new Error('disk full')) : queue.settle(settlements)),
    }))
    await put(500, 'a')
    await until(200_000)
    isFull = false
    await until(400_000)
    expect(calls).toHaveLength(1)
    expect(await left()).toBe(0)
  })

  it('that cannot be read is read again: run never rejects', async () => {
    let failures = 3
    const { put, run, until, calls, logs } = stage((queue) => ({
      ...queue,
      lanes: () => (failures-- > 0 ? Promise.reject(new Error('locked')) : queue.lanes()),
    }))
    await put(500, 'a')
    await expect(run()).resolves.toBeUndefined()
    await until(10_000)
    expect(calls).toHaveLength(1)
    expect(logs).toHaveLength(3)
  })

  it('that cannot lease lets the lane wait, and that lane alone', async () => {
    let failures = 3
    const { put, until, calls, left } = stage((queue) => ({
      ...queue,
      lease: (lane, max, forMs) =>
        lane === LANE && failures-- > 0 ? Promise.reject(new Error('I/O')) : queue.lease(lane, max, forMs),
    }))
    await put(500, 'a')
    await put(500, 'b', OTHER)
    await until(0)
    expect(calls.map(({ lane }) => lane)).toEqual([OTHER])
    await until(20_000)
    expect(await left()).toBe(0)
  })

  it('an upstream that breaks its word and throws costs its lane a wait, and its batch nothing', async () => {
    const { put, until, calls, set, left, stateOf } = stage()
    set({
      script: () => {
        if (calls.length > 1) return delivered
        throw new Error('a bug')
      },
    })
    await put(500, 'a')
    await until(0)
    expect(stateOf()).toMatchObject({ state: 'waiting' })
    await until(120_000)
    expect(calls.map(({ uuids }) => uuids.length)).toEqual([500, 500])
    expect(await left()).toBe(0)
  })
})

describe('stop', () => {
  it('waits for the call in flight and records it; none begins', async () => {
    const { put, run, settle, forwarder, calls, set, left, until } = stage()
    set({ script: () => undefined })
    await put(1500, 'a')
    void run()
    await settle()
    let isStopped = false
    const stopping = forwarder.stop().then(() => (isStopped = true))
    await settle()
    expect(isStopped).toBe(false)
    calls[0]?.answer(delivered)
    await stopping
    expect(await left()).toBe(1000)
    await run()
    await until(10_000)
    expect(calls).toHaveLength(1)
  })

  it('records what is owed', async () => {
    let failures = 1
    const { put, until, forwarder, left } = stage((queue) => ({
      ...queue,
      settle: (settlements) => (failures-- > 0 ? Promise.reject(new Error('disk full')) : queue.settle(settlements)),
    }))
    await put(500, 'a')
    await until(0)
    expect(await left()).toBe(500)
    await forwarder.stop()
    expect(await left()).toBe(0)
  })

  it('says so where what is owed cannot be recorded', async () => {
    const { put, until, forwarder, logs } = stage((queue) => ({
      ...queue,
      settle: () => Promise.reject(new Error('disk full')),
    }))
    await put(500, 'a')
    await until(0)
    await forwarder.stop()
    expect(logs.at(-1)).toContain('will be sent again')
  })

  it('in the midst of a look, and with the queue closed under it: nothing begins, nothing rejects', async () => {
    const { put, run, forwarder, calls, queue, logs } = stage()
    await put(500, 'a')
    const running = run()
    await forwarder.stop()
    await running
    const later = stage((store) => ({
      ...store,
      async lanes() {
        await new Promise((resolve) => setImmediate(resolve))
        return store.lanes()
      },
    }))
    await later.put(500, 'a')
    const looking = later.run()
    await Promise.all([later.forwarder.stop(), later.queue.close()])
    await looking
    await queue.close()
    expect([calls.length, later.calls.length]).toEqual([0, 0])
    expect([...logs, ...later.logs]).toEqual([])
  })
})
