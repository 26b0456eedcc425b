import { expect } from 'vitest'
import type { Outcome } from '@warren/rabbitpre'
import { createForwarder, type Upstream } from '../forward/forwarder.ts'
import type { DeadLetters } from '../queue/dead-letters.ts'
import { memoryQueue } from '../queue/memory.ts'
import type { EventQueue } from '../queue/ports.ts'
import { silentTelemetry, type Telemetry } from '../telemetry.ts'

export const START = Date.UTC(2026, 0, 1)
export const LANE = 'a/unmatched'
export const OTHER = 'b/unmatched'

export const delivered: Outcome = { kind: 'delivered' }
export const refusal = { kind: 'refused', code: '100400', words: 'code 100400, bad' } satisfies Outcome
export const down = { kind: 'unavailable', isInDoubt: true, words: 'HTTP 503' } satisfies Outcome

interface Call {
  lane: string
  at: number
  uuids: string[]
  keys: string[]
  answer: (outcome: Outcome) => void
}

/** A forwarder on a fake clock, whose wake-ups are played as a timer would play them. */
export function stage(
  wrap: (queue: EventQueue) => EventQueue = (queue) => queue,
  wrapDead: (dead: DeadLetters) => DeadLetters = (dead) => dead,
) {
  let clock = START
  let next = Infinity
  let wakes = 0
  let random = 1
  let script: (call: Call) => Outcome | undefined = () => delivered
  const calls: Call[] = []
  const logs: string[] = []
  const levels: string[] = []
  const counted: string[] = []
  const telemetry: Telemetry = {
    ...silentTelemetry,
    log(level, message, fields) {
      logs.push(`${message} ${JSON.stringify(fields)}`)
      levels.push(level)
    },
    count: (name, labels, by = 1) => counted.push(`${name} ${Object.values(labels).join(' ')} ${by}`),
  }
  const lanesWithout = new Set<string>()
  const store = memoryQueue({ now: () => clock })
  const queue = wrap(store)
  const upstreamOf = (lane: string): Upstream => ({
    // Lanes of one letter share their credentials.
    credentials: lane.charAt(0),
    send: (events) =>
      new Promise((answer) => {
        const uuids = events.map(({ uuid }) => uuid)
        const call = { lane, at: clock - START, uuids, keys: events.map(({ eventKey }) => eventKey), answer }
        calls.push(call)
        const outcome = script(call)
        if (outcome) answer(outcome)
      }),
  })
  const open = () =>
    createForwarder({
      queue,
      dead: wrapDead(store.dead),
      upstreamOf: (lane) => (lanesWithout.has(lane) ? undefined : upstreamOf(lane)),
      wakeAt: (at) => {
        expect(at).toBeLessThan(START + 1e12)
        next = Math.min(next, at)
      },
      telemetry,
      now: () => clock,
      random: () => random,
    })
  let forwarder = open()
  /** All that is ready now has its turn: nothing here waits for more than microtasks. */
  const settle = () => new Promise((resolve) => setImmediate(resolve))

  return {
    queue: store,
    get forwarder() {
      return forwarder
    },
    /** Another life on the same queue, which still holds the leases of the one before; it looks at once. */
    async restart() {
      await forwarder.stop()
      forwarder = open()
      next = clock
    },
    calls,
    logs,
    levels,
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
    async put(count: number, prefix: string, lane = LANE, bytes = 10, eventKey = 'c_buy') {
      const entries = Array.from({ length: count }, (_, i) => {
        const uuid = `${prefix}${i}`
        return { uuid, lane, json: JSON.stringify({ uuid, eventKey }), bytes }
      })
      await store.enqueue('s', entries)
      next = Math.min(next, clock)
    },
    /** As a timer that has come to its end: what was asked for before is forgotten. */
    run() {
      next = Infinity
      return forwarder.run()
    },
    /** Lets time pass up to this many milliseconds after the start. */
    async until(ms: number) {
      while (next <= START + ms) {
        clock = Math.max(clock, next)
        next = Infinity
        wakes++
        // A loop that never ends must fail, not hang.
        if (wakes > 20_000) throw new Error('a hot loop')
        void forwarder.run()
        await settle()
      }
      clock = Math.max(clock, START + ms)
    },
    left: async (lane = LANE) => (await store.lanes()).find((one) => one.lane === lane)?.events,
    stateOf: (lane = LANE) => forwarder.lanes().find((one) => one.lane === lane),
  }
}
