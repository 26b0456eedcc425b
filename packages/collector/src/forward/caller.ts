import type { OutgoingEvent, Outcome } from '@warren/rabbitpre'
import type { Settlement } from '../queue/ports.ts'
import type { Telemetry } from '../telemetry.ts'
import { breaker } from './breaker.ts'
import { callLimit } from './call-limit.ts'
import type { Upstream } from './forwarder.ts'
import { ramp } from './ramp.ts'

/** A lane's calls in flight, and when the next one may begin: the limit, the breaker and the ramp together. */
export interface Caller {
  readonly inFlight: number
  /** When the next call may begin. Infinity: when one of those in flight has ended. */
  readonly nextAt: number
  /** The upstream did not answer the last calls; one alone is let through. */
  readonly isHalfOpen: boolean
  /** Sends events. `conclude` is told what came of it, and its end is waited for. */
  begin(upstream: Upstream, events: readonly OutgoingEvent[], conclude: Conclude): void
  /** A call that began at this instant was not taken. Gives how long its batch is to wait. */
  failed(startedAt: number, retryAfterMs?: number): number
  /** The batch of this lease waits for the upstream to be well again. */
  waits(lease: number): void
  /** After a halt. */
  restart(): void
  /** Resolves when those in flight now have ended. */
  ended(): Promise<void>
}

/** @param startedAt when the call began. */
export type Conclude = (outcome: Outcome, startedAt: number) => Promise<void>

export interface CallerOptions {
  lane: string
  telemetry: Telemetry
  now: () => number
  random: () => number
  /** In flight at once. Default 4. */
  maxCalls?: number | undefined
  /** Whether this code means illness: a refusal in it is no answer. */
  isIll: (code: string) => boolean
  /** Told how to bring back what waited, as soon as the upstream answers. */
  owe: (settlements: readonly Settlement[]) => void
  /** What failed in itself, and was no outcome. */
  trouble: (error: unknown) => void
  /** A call has ended, and what it came to is recorded. */
  onEnd: (outcome: Outcome | undefined) => void
}

export function caller(options: CallerOptions): Caller {
  const { lane, telemetry, now, random } = options
  const limit = callLimit(now, options.maxCalls)
  const fuse = breaker(now, random)
  const pace = ramp(now)
  const calls = new Set<Promise<void>>()
  /** The last leases of batches that wait out their back-off. */
  const waiting = new Set<number>()

  async function call(
    upstream: Upstream,
    events: readonly OutgoingEvent[],
    conclude: Conclude,
  ): Promise<Outcome | undefined> {
    const startedAt = now()
    const wasFull = calls.size + 1 >= limit.value
    let outcome: Outcome | undefined
    try {
      outcome = await upstream.send(events)
      telemetry.observe('call', { lane }, now() - startedAt)
      telemetry.count('calls', { lane, outcome: outcome.kind })
      weigh(outcome, events.length, startedAt, wasFull)
      await conclude(outcome, startedAt)
    } catch (error) {
      options.trouble(error)
    }
    return outcome
  }

  /** What an answer tells of the upstream as a whole. */
  function weigh(outcome: Outcome, events: number, startedAt: number, wasFull: boolean): void {
    switch (outcome.kind) {
      case 'delivered':
        limit.succeeded(startedAt, wasFull)
        pace.delivered()
        telemetry.count('delivered', { lane }, events)
        return answered()
      case 'tooLarge':
      case 'refused':
        // The good part of it is sent again, and may have been stored.
        if (events > 1) telemetry.count('resent', { lane, cause: 'bisected' }, events)
        if (outcome.kind === 'tooLarge' || !options.isIll(outcome.code)) answered()
        return
      case 'unavailable':
        if (outcome.isInDoubt) telemetry.count('resent', { lane, cause: 'in_doubt' }, events)
        telemetry.log('warn', 'a call was not taken; its events wait', { lane, words: outcome.words })
        return
      case 'unauthorised':
      case 'misconfigured':
        return
    }
  }

  /** Whoever waited for an answer waits no longer. */
  function answered(): void {
    fuse.succeeded()
    options.owe([...waiting].map((lease) => ({ lease, verdict: 'retry', afterMs: 0 })))
    waiting.clear()
  }

  return {
    get inFlight() {
      return calls.size
    },
    get nextAt() {
      if (fuse.openUntil > now()) return fuse.openUntil
      if (calls.size >= (fuse.isHalfOpen ? 1 : limit.value)) return Infinity
      return pace.nextAt
    },
    get isHalfOpen() {
      return fuse.isHalfOpen
    },
    begin(upstream, events, conclude) {
      pace.called()
      const job: Promise<void> = call(upstream, events, conclude).then((outcome) => {
        calls.delete(job)
        options.onEnd(outcome)
      })
      calls.add(job)
    },
    failed(startedAt, retryAfterMs) {
      limit.failed(startedAt)
      return fuse.failed(startedAt, retryAfterMs)
    },
    waits: (lease) => void waiting.add(lease),
    restart() {
      fuse.succeeded()
      limit.reset()
      pace.start()
    },
    async ended() {
      await Promise.all(calls)
    },
  }
}
