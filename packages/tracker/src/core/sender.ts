import { fullJitter } from '@warren/protocol/pacing'
import type { WireAnswer } from '@warren/protocol/wire'
import { judge, type Verdict } from './answer.ts'
import { batchBody, takeBatch, type Batch, type Origin } from './batch.ts'
import type { Chunk } from './chunk.ts'
import type { Outbox } from './outbox.ts'
import type { Platform } from './platform.ts'
import { createWaiters } from './waiters.ts'

/**
 * Sends what waits, one request at a time.
 *
 * | state   | leaves on                                    | to                                                   |
 * |---------|----------------------------------------------|------------------------------------------------------|
 * | idle    | wake                                         | waiting, for the interval; sending a full batch      |
 * |         | flush                                        | sending                                              |
 * | waiting | timer, flush, a full batch at wake           | sending                                              |
 * | sending | nothing to send                              | idle                                                 |
 * |         | answered, all of it                          | sending if it was full, else waiting or idle         |
 * |         | answered, some to retry                      | backOff, from 1 s                                    |
 * |         | 413, many events · one                       | sending half as many · sending the next, it dropped  |
 * |         | no answer, 2xx of others, 408, 425, 429, 5xx | backOff, from 1 s, to 30 s (away: 5 min)             |
 * |         | any other 4xx                                | backOff, from 30 s to 5 min, firm                    |
 * | backOff | timer                                        | sending                                              |
 * |         | resume (online, seen), unless it is firm     | backOff, 1 s from here, once                         |
 * | any     | stop                                         | stopped                                              |
 *
 * A back-off is full jitter. A longer Retry-After wins, and is firm.
 */
export interface Sender {
  /** Something waits. */
  wake(): void
  /** The network is back, or the page is seen: a failure may be over. */
  resume(): void
  /** Whether the collector is known not to answer. */
  isBackingOff(): boolean
  /** Resolves when all that waits now is answered, or an attempt failed. */
  flush(): Promise<void>
  stop(): void
}

/** What a sender leaves to others. */
export interface SenderHooks {
  origin(): Origin
  /** Removes what an answer settles. */
  settle(batch: Batch, answer: WireAnswer): void
  /** One event alone was answered 413. */
  dropTooLarge(batch: Batch): void
  onError(message: string): void
}

/** Events of a batch: half of what the wire allows, since requests and not storage cost main-thread time. */
const MAX_EVENTS = 250
/** Bytes of a batch's events: under half of what the wire allows, and of common proxies' 1 MiB a quarter. */
const MAX_BYTES = 240 * 1024

/** The first back-off is up to 1 s; a crowd that failed together spreads from there. */
const BASE_MS = 1_000
const VISIBLE_CAP_MS = 30_000
const AWAY_CAP_MS = 300_000
/** After a refusal: someone has to change a configuration first. */
const REFUSED_BASE_MS = 30_000

export function createSender(
  { clock, entropy, lifecycle, transport }: Platform,
  outbox: Outbox,
  intervalMs: number,
  { origin, settle, dropTooLarge, onError }: SenderHooks,
): Sender {
  let state: 'idle' | 'waiting' | 'sending' | 'backOff' | 'stopped' = 'idle'
  let cancelTimer = () => {}
  let isFirm = false
  let failures = 0
  let maxEvents = MAX_EVENTS
  const flushes = createWaiters(({ record }) => !record.events.length)

  const batchOf = (chunks: Chunk[]) =>
    takeBatch(
      chunks.filter((chunk) => !chunk.isHandedOver),
      maxEvents,
      MAX_BYTES,
    )
  const take = () => batchOf(outbox.chunks())

  function arm(next: 'waiting' | 'backOff', delayMs: number) {
    cancelTimer()
    state = next
    cancelTimer = clock.after(delayMs, () => send(take()))
  }

  function wake() {
    flushes.tell()
    if ((state !== 'idle' && state !== 'waiting') || outbox.isEmpty()) return
    // What is open may grow on while a transaction runs: it is not closed for the question.
    const batch = batchOf(outbox.closed())
    if (batch && batch.isFull) send(take())
    else if (state === 'idle') arm('waiting', intervalMs)
  }

  function backOff(baseMs: number, capMs: number, retryAfterMs?: number) {
    const jitterMs = fullJitter(failures++, baseMs, capMs, entropy.random)
    // Those who were told the same second still spread.
    const toldMs = retryAfterMs === undefined ? 0 : retryAfterMs + entropy.random() * BASE_MS
    isFirm = baseMs > BASE_MS || toldMs > jitterMs
    arm('backOff', Math.max(jitterMs, toldMs))
    flushes.fail(undefined)
  }

  function send(batch: Batch | undefined) {
    cancelTimer()
    state = batch ? 'sending' : 'idle'
    if (batch) void request(batch)
  }

  async function request(batch: Batch) {
    const { device, chunks, events } = batch
    for (const chunk of chunks) chunk.isSending = true
    const body = batchBody(batch, origin(), clock.now())
    const verdict = judge(await transport.send(body, { device, isExit: false }), events)
    for (const chunk of chunks) chunk.isSending = false
    if (verdict.kind === 'answered') settle(batch, verdict.answer)
    if (state !== 'stopped') proceed(batch, verdict)
    flushes.tell()
  }

  /** Chooses the next state. */
  function proceed(batch: Batch, verdict: Verdict) {
    const { events, isFull } = batch
    const capMs = lifecycle.isAway() ? AWAY_CAP_MS : VISIBLE_CAP_MS
    switch (verdict.kind) {
      case 'answered':
        maxEvents = Math.min(MAX_EVENTS, maxEvents * 2)
        if (verdict.answer.retry.length) return backOff(BASE_MS, capMs, verdict.retryAfterMs)
        failures = 0
        state = 'idle'
        return isFull || !flushes.isEmpty() ? send(take()) : wake()
      case 'tooLarge':
        if (events.length > 1) maxEvents = events.length >> 1
        else dropTooLarge(batch)
        return send(take())
      case 'refused':
      case 'unavailable':
        onError(`warren: no answer (status ${verdict.status}), events are kept`)
        return verdict.kind === 'refused'
          ? backOff(REFUSED_BASE_MS, AWAY_CAP_MS)
          : backOff(BASE_MS, capMs, verdict.retryAfterMs)
    }
  }

  return {
    wake,
    resume() {
      // Once, and not at once: a page that is hidden and shown ten times a second must not ask as often.
      if (state === 'backOff' && !isFirm) {
        isFirm = true
        arm('backOff', BASE_MS)
      }
    },
    isBackingOff: () => state === 'backOff',
    flush() {
      const promise = flushes.wait(outbox.chunks().slice()).catch(() => {})
      if (state === 'idle' || state === 'waiting') send(take())
      else if (state === 'stopped') flushes.fail(undefined)
      return promise
    },
    stop() {
      cancelTimer()
      state = 'stopped'
      flushes.fail(undefined)
    },
  }
}
