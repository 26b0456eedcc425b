import { fullJitter, MAX_BATCH_EVENTS } from '@warren/protocol'
import type { Outcome } from '@warren/rabbitpre'
import { readLane } from '../lane-name.ts'
import type { EventQueue, Lease, LaneStatus, Settlement } from '../queue/ports.ts'
import type { Telemetry } from '../telemetry.ts'

/**
 * Carries each lane's events to its upstream: one small machine a lane, one call at a time.
 *
 * | state | leaves when | to |
 * |---|---|---|
 * | idle | 500 events are ready, the oldest waits a second, or a returned batch is due | calling |
 * | calling | delivered: acknowledged | idle |
 * | | unavailable, unauthorised, misconfigured: the batch comes back after the wait | waiting |
 * | | refused, too large: the batch alone waits, from 5 s to 5 minutes; the lane goes on | idle |
 * | waiting | the wait is over: full jitter from 1 s, cap 60 s, a longer Retry-After counts | idle |
 * | any | `stop()`: a call in flight ends, none begins | stopped |
 *
 * An answer that the queue cannot record is owed: it is recorded before the lane does anything else, so that a full
 * disk does not send a batch twice.
 * The forwarder owns no timer. `run(now)` does what is due; `wakeAt` is told when to call it next: a timer on Node,
 * an alarm elsewhere. Nothing is ever dropped here.
 */
export interface Forwarder {
  /** Does what is due at `now`; resolves when what it began has ended. May be called again at any time; never rejects. */
  run(now: number): Promise<void>
  /** Begins no more calls; resolves when those in flight have ended and are settled. */
  stop(): Promise<void>
  lanes(): LaneReport[]
}

/** A lane as `/readyz` shows it. */
export interface LaneReport {
  lane: string
  state: 'idle' | 'calling' | 'waiting'
  events: number
  /** What the last call came to. */
  lastOutcome?: Outcome['kind'] | 'no destination'
  /** In words that are safe to show. */
  words?: string
}

/** Sends a batch of a lane, as the lines the queue holds. Never rejects. */
export type Upstream = (lines: readonly string[]) => Promise<Outcome>

export interface ForwarderOptions {
  queue: EventQueue
  /** The upstream of a lane; undefined where the configuration no longer has its destination. */
  upstreamOf: (lane: string) => Upstream | undefined
  /** Asks for `run` at this instant, or earlier. */
  wakeAt: (at: number) => void
  telemetry: Telemetry
  now?: () => number
  random?: () => number
}

/** How long a lone event waits for company. */
const MAX_WAIT_MS = 1000

/** Bytes of a call's events: 1 MiB of JSON, less what mapping adds to them. */
const MAX_CALL_BYTES = 1_000_000

/** Longer than a call can take, so that no lease ends while its call is under way. */
const LEASE_MS = 60_000

const LANE_BACKOFF = { baseMs: 1000, capMs: 60_000 }
const BATCH_BACKOFF = { baseMs: 5000, capMs: 300_000 }

/** A queue that cannot be read, or that says a lane is due and hands nothing out, is asked again this often. */
const ASK_AGAIN_MS = 1000

/** A lane without a destination is looked at again this often. */
const NO_DESTINATION_MS = 60_000

interface Machine {
  state: LaneReport['state']
  notBefore: number
  /** Waits in a row, for the back-off. */
  failures: number
  status: LaneStatus
  /** What is to be recorded of the last call. */
  owed: Settlement[]
  /** Asked to run in the midst of its work, whose view of the queue may be older. */
  isAskedAgain: boolean
  last?: { outcome: NonNullable<LaneReport['lastOutcome']>; words: string }
}

export function createForwarder(options: ForwarderOptions): Forwarder {
  const { queue, upstreamOf, wakeAt, telemetry, now = Date.now, random = Math.random } = options
  const machines = new Map<string, Machine>()
  const working = new Set<Promise<void>>()
  let isStopping = false

  /** When a lane is next due, by what the queue says of it; undefined while there is nothing to do. */
  function dueAt({ status, notBefore, owed }: Machine): number | undefined {
    const times: number[] = []
    if (owed.length > 0) times.push(0)
    if (status.ready >= MAX_BATCH_EVENTS || status.readyBytes >= MAX_CALL_BYTES) times.push(0)
    else if (status.ready > 0) {
      const oldestAt = status.oldestReadyAt ?? 0
      // One of the future was taken under a clock that has been set back since: it has waited long enough.
      times.push(oldestAt > now() ? 0 : oldestAt + MAX_WAIT_MS)
    }
    if (status.returnedDueAt !== undefined) times.push(status.returnedDueAt)
    return times.length === 0 ? undefined : Math.max(notBefore, Math.min(...times))
  }

  async function look(): Promise<void> {
    for (const status of await queue.lanes()) {
      const machine = machines.get(status.lane)
      if (machine) machine.status = status
      else {
        machines.set(status.lane, {
          state: 'idle',
          notBefore: 0,
          failures: 0,
          status,
          owed: [],
          isAskedAgain: false,
        })
      }
    }
  }

  /** Calls while the lane is due; then says when it is next. */
  async function work(lane: string, machine: Machine): Promise<void> {
    await pay(machine)
    const upstream = upstreamOf(lane)
    if (!upstream) {
      telemetry.log('warn', 'events wait for a destination that is not configured', {
        destination: readLane(lane).destination,
      })
      machine.last = { outcome: 'no destination', words: `no destination ${readLane(lane).destination} is configured` }
      machine.state = 'waiting'
      machine.notBefore = now() + NO_DESTINATION_MS
      return wakeAt(machine.notBefore)
    }
    let due = dueAt(machine)
    while (!isStopping && due !== undefined && due <= now()) {
      const lease = await queue.lease(lane, { events: MAX_BATCH_EVENTS, bytes: MAX_CALL_BYTES }, LEASE_MS)
      if (!lease) {
        machine.notBefore = now() + ASK_AGAIN_MS
        break
      }
      machine.state = 'calling'
      const startedAt = now()
      const outcome = await upstream(lease.events)
      telemetry.observe('call', { lane }, now() - startedAt)
      telemetry.count('calls', { lane, outcome: outcome.kind })
      await settle(lane, machine, lease, outcome)
      await look()
      due = dueAt(machine)
    }
    machine.state = machine.notBefore > now() ? 'waiting' : 'idle'
    due = machine.isAskedAgain ? now() : dueAt(machine)
    machine.isAskedAgain = false
    if (due !== undefined) wakeAt(due)
  }

  /** Has what is owed recorded. */
  async function pay(machine: Machine): Promise<void> {
    if (machine.owed.length === 0) return
    await queue.settle(machine.owed)
    machine.owed = []
  }

  async function settle(lane: string, machine: Machine, lease: Lease, outcome: Outcome): Promise<void> {
    const { words } = 'words' in outcome ? outcome : { words: '' }
    machine.last = { outcome: outcome.kind, words }
    switch (outcome.kind) {
      case 'delivered':
        machine.failures = 0
        machine.notBefore = 0
        telemetry.count('delivered', { lane }, lease.events.length)
        machine.owed = [{ lease: lease.id, verdict: 'ack' }]
        return pay(machine)
      case 'unavailable':
      case 'unauthorised':
      case 'misconfigured': {
        const backoffMs = fullJitter(machine.failures++, LANE_BACKOFF.baseMs, LANE_BACKOFF.capMs, random)
        const afterMs = Math.max(backoffMs, outcome.kind === 'unavailable' ? (outcome.retryAfterMs ?? 0) : 0)
        machine.notBefore = now() + afterMs
        telemetry.log('warn', 'a call was not taken; the lane waits', { lane, outcome: outcome.kind, words, afterMs })
        return queue.settle([{ lease: lease.id, verdict: 'retry', afterMs }])
      }
      case 'refused':
      case 'tooLarge': {
        const spreadMs = fullJitter(lease.returns, BATCH_BACKOFF.baseMs, BATCH_BACKOFF.capMs, random)
        const afterMs = Math.max(BATCH_BACKOFF.baseMs, spreadMs)
        telemetry.log('warn', 'a batch was refused; it waits', { lane, outcome: outcome.kind, words, afterMs })
        return queue.settle([{ lease: lease.id, verdict: 'retry', afterMs }])
      }
    }
  }

  /** A lane's work must not end in silence: whatever failed (a full disk, say), the lane waits and tries again. */
  async function guard(lane: string, machine: Machine): Promise<void> {
    try {
      await work(lane, machine)
    } catch (error) {
      machine.state = 'waiting'
      machine.notBefore = now() + fullJitter(machine.failures++, LANE_BACKOFF.baseMs, LANE_BACKOFF.capMs, random)
      telemetry.log('error', 'forwarding failed; the lane waits', { lane, error: String(error) })
      wakeAt(machine.notBefore)
    }
  }

  return {
    async run(at) {
      if (isStopping) return
      try {
        await look()
      } catch (error) {
        if (isStopping) return
        telemetry.log('error', 'the queue cannot be read; forwarding waits', { error: String(error) })
        return wakeAt(now() + ASK_AGAIN_MS)
      }
      if (isStopping) return
      const begun: Promise<void>[] = []
      for (const [lane, machine] of machines) {
        if (machine.state === 'calling') {
          machine.isAskedAgain = true
          continue
        }
        const due = dueAt(machine)
        if (due === undefined) continue
        if (due > at) {
          wakeAt(due)
          continue
        }
        machine.state = 'calling'
        const job = guard(lane, machine).finally(() => working.delete(job))
        working.add(job)
        begun.push(job)
      }
      await Promise.all(begun)
    },
    async stop() {
      isStopping = true
      await Promise.all(working)
      for (const [lane, machine] of machines) {
        await pay(machine).catch((error: unknown) =>
          telemetry.log('error', 'an answer could not be recorded; its batch will be sent again', {
            lane,
            error: String(error),
          }),
        )
      }
    },
    lanes: () =>
      [...machines].map(([lane, { state, status, last }]) => ({
        lane,
        state,
        events: status.events,
        ...(last ? { lastOutcome: last.outcome, ...(last.words === '' ? {} : { words: last.words }) } : {}),
      })),
  }
}
