import type { OutgoingEvent, Outcome } from '@warren/rabbitpre'
import type { DeadLetters } from '../queue/dead-letters.ts'
import type { EventQueue } from '../queue/ports.ts'
import type { Telemetry } from '../telemetry.ts'
import { credentialHalts } from './credential-halts.ts'
import type { CallSize } from './due.ts'
import { createLane, type Lane } from './lane.ts'
import { turns } from './turns.ts'

/**
 * Carries each lane's events to its upstream: one machine a lane, and what every answer does.
 *
 * | a lane is | it | leaves when | to |
 * |---|---|---|---|
 * | idle | waits | 500 events are ready, the oldest waits a second, or a returned batch is due | calling |
 * | calling | makes calls, as many at once as its limit says | nothing is due | idle |
 * | calling | | a batch is refused: it is bisected beside the others, alone until something passes | bisecting |
 * | bisecting | halves until events stand alone | all pieces are called | calling |
 * | bisecting | | 8 events are refused alone and nothing passes | halted |
 * | calling, bisecting | | 3 calls in a row have no usable answer, or one says Retry-After | waiting |
 * | waiting | lets one call through when its back-off is over | that is answered | calling |
 * | any of these | | 404 or a redirect (its own halt); credentials refused (theirs, shared by all their lanes) | halted |
 * | halted | probes with one event at a time | it is delivered | calling, on a ramp |
 *
 * | answer | to a batch | to an event alone |
 * |---|---|---|
 * | delivered | acknowledged | acknowledged; if it was a suspect, its code means illness |
 * | unavailable, or an ill code | comes back whole after back-off | the same |
 * | unauthorised, misconfigured | comes back whole; halt | the same |
 * | refused, too large | bisected | a suspect, looked at again; then buried: see `refusals.ts` |
 *
 * An answer that the queue cannot record is owed: it is recorded before the lane does anything else, so that a full
 * disk does not send a batch twice. What must outlive a restart (halts, suspects, parked keys, illness) is a note a
 * lane, beside the queue.
 * The forwarder owns no timer. `run()` does what is due; `wakeAt` is told when to call it next: a timer on Node,
 * an alarm elsewhere. Nothing is ever dropped here.
 */
export interface Forwarder {
  /** Does what is due; resolves when what it began has ended. May be called again at any time; never rejects. */
  run(): Promise<void>
  /** These credentials have changed: what they halted is probed at once. */
  credentialsChanged(credentials: string): void
  /** Begins no more calls; resolves when those in flight have ended and are settled. */
  stop(): Promise<void>
  lanes(): LaneReport[]
}

/** A lane as `/readyz` shows it. */
export interface LaneReport {
  lane: string
  state: 'idle' | 'calling' | 'waiting' | 'halted'
  /** Not yet delivered. */
  events: number
  /** What the last call came to. */
  lastOutcome?: Outcome['kind'] | 'no destination'
  /** In words that are safe to show. */
  words?: string
  /** Milliseconds since 1970; while it is halted. */
  haltedSince?: number
  nextProbeAt?: number
  /** Events that stood refused alone and are not judged yet; absent where there are none, as the next. */
  suspects?: number
  /** Event keys whose events are buried without a call. */
  parkedKeys?: string[]
}

/** Where a lane's events go. */
export interface Upstream {
  /** The name of its credentials: lanes that share them halt and resume together. */
  credentials: string
  /** What one call may take. Default 500 events and 1 MiB. */
  maxCall?: CallSize
  /** Sends a batch. Never rejects. */
  send(events: readonly OutgoingEvent[]): Promise<Outcome>
}

export interface ForwarderOptions {
  queue: EventQueue
  dead: DeadLetters
  /** The upstream of a lane; undefined where the configuration no longer has its destination. */
  upstreamOf: (lane: string) => Upstream | undefined
  /** Asks for `run` at this instant, or earlier. */
  wakeAt: (at: number) => void
  telemetry: Telemetry
  /** A lane's calls in flight at the most. Default 4. */
  maxCalls?: number
  now?: () => number
  random?: () => number
}

/** A queue that cannot be read is asked again this often. */
const ASK_AGAIN_MS = 1000

export function createForwarder(options: ForwarderOptions): Forwarder {
  const { queue, wakeAt, telemetry, now = Date.now, random = Math.random } = options
  const credentials = credentialHalts(now, random)
  const lanes = new Map<string, Lane>()
  let isStopping = false

  /** Looks which lanes there are. */
  async function look(): Promise<void> {
    try {
      for (const { lane } of await queue.lanes()) {
        if (lanes.has(lane)) continue
        lanes.set(lane, createLane({ ...options, lane, credentials, now, random, isStopping: () => isStopping }))
      }
    } catch (error) {
      if (isStopping) return
      telemetry.log('error', 'the queue cannot be read; forwarding waits', { error: String(error) })
      wakeAt(now() + ASK_AGAIN_MS)
    }
  }

  async function lookAndBegin(): Promise<void> {
    await look()
    if (!isStopping) for (const lane of lanes.values()) lane.run()
  }
  const looking = turns(
    lookAndBegin,
    () => [...lanes.values()].some(({ isBusy }) => isBusy),
    async () => void (await Promise.all([...lanes.values()].map((lane) => lane.idle()))),
  )

  return {
    run() {
      if (isStopping) return Promise.resolve()
      looking.ask()
      return looking.idle()
    },
    credentialsChanged(name) {
      for (const lane of lanes.values()) lane.hurry(name)
      wakeAt(now())
    },
    async stop() {
      isStopping = true
      await looking.idle()
      await Promise.all([...lanes.values()].map((lane) => lane.end()))
    },
    lanes: () => [...lanes.values()].map((lane) => lane.report()),
  }
}
