import { fullJitter } from '@warren/protocol/pacing'
import type { WireAnswer } from '@warren/protocol/wire'
import { readAnswer } from './answer.ts'
import { batchBody, takeBatch, type Batch } from './batch.ts'
import { isWaiting, type Chunk, type QueuedEvent, type WriterTotals } from './chunk.ts'
import { toJson } from './json.ts'
import type { Outbox } from './outbox.ts'
import type { Platform } from './platform.ts'

/**
 * Sends what waits, one request at a time; and at exit, beside it, what may not wait.
 *
 * | state   | leaves on                                    | to                                                   |
 * |---------|----------------------------------------------|------------------------------------------------------|
 * | idle    | wake                                         | waiting, for the interval; sending a full batch      |
 * |         | flush                                        | sending                                              |
 * | waiting | timer, flush, a full batch at wake           | sending                                              |
 * | sending | nothing to send                              | idle                                                 |
 * |         | answered, all of it                          | sending if there was more, else waiting or idle      |
 * |         | answered, some to retry                      | backOff, from 1 s                                    |
 * |         | 400, 413, 415, many events                   | sending half as many                                 |
 * |         | 413, one event                               | sending the next, it dropped                         |
 * |         | 400, 415, one event                          | sending the next, if the last answer was a good one; |
 * |         |                                              | else backOff as below; it goes again on a later page |
 * |         | no answer, 2xx of others, 408, 425, 429, 5xx | backOff, from 1 s, to 30 s (away, or never answered  |
 * |         |                                              | on this page and five failures: 5 min)               |
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
  /**
   * The network is back, or the page is seen: a failure may be over, and what was handed over to requests that tell
   * nothing may go again.
   */
  resume(): void
  /**
   * Gives what is unanswered to requests that outlive the page, newest first, at once; it stays stored until answered.
   * A normal request may die with the page: when leaving, what it carries goes along. While staying away, nothing goes
   * to a collector that is known not to answer; and nothing when leaving, where it asked to wait, or the page was shown
   * since it failed: a page that is hidden and shown ten times a second must not ask as often.
   */
  handOver(isLeaving: boolean): void
  /** Sends without waiting for company. Resolves when all that waits now is answered, or an attempt failed. */
  flush(): Promise<void>
  /** The last request had no answer, or not a whole one. */
  isFailing(): boolean
  stop(): void
}

/** What a sender leaves to others. */
export interface SenderHooks {
  own: WriterTotals
  /** Consent is given, and the page is shown. */
  isOpen(): boolean
  /** What may be sent now: the chunks that wait, but those that wait for something else. */
  free(): Chunk[]
  /** Removes what an answer settles; without one, a single event that is too large for the way. */
  settle(batch: Batch, answer?: WireAnswer): void
  onError(message: string): void
}

/** The states, in an order of their own: up to `WAITING` a request may begin. Numbers, for they are cheaper than words. */
const IDLE = 0
const WAITING = 1
const SENDING = 2
const BACK_OFF = 3
const STOPPED = 4
type State = typeof IDLE | typeof WAITING | typeof SENDING | typeof BACK_OFF | typeof STOPPED

/** Totals by reason, as JSON. */
const NOTHING = '{}'

/** Events of a batch: half of what the wire allows, since requests and not storage cost main-thread time. */
const MAX_EVENTS = 250
/** Bytes of a batch's body: under half of what the wire allows, and of common proxies' 1 MiB a quarter. */
const MAX_BYTES = 240 * 1024

/** Bytes of an exit request's body in UTF-8: two of them fit into what a page may have in flight. */
const MAX_PIECE_BYTES = 30 * 1024
/** Bytes in flight for one page at exit: browsers allow 64 KiB (Fetch: keepalive), and the host page may need some. */
const MAX_AWAY_BYTES = 63 * 1024

/** The first back-off is up to 1 s; a crowd that failed together spreads from there. */
const BASE_MS = 1_000
const VISIBLE_CAP_MS = 30_000
const AWAY_CAP_MS = 300_000
/** After a refusal: someone has to change a configuration first. */
const REFUSED_BASE_MS = 30_000
/** The 4xx but those that pass: time-out, too early, too many. */
const REFUSED = /^4(?!08|25|29)/
/** What is said of a body, and may be true of one event in it alone. */
const SPLIT = /^4(00|13|15)/
/** So many failures, and no answer ever: something between blocks us, as an ad blocker does. */
const BLOCKED_FAILURES = 5
/** A piece that the browser refuses is halved, down to this: smaller ones only nibble at what is left of the room. */
const MIN_PIECE_BYTES = 4 * 1024

export function createSender(
  { sdk, clock, entropy, lifecycle, transport }: Platform,
  outbox: Outbox,
  intervalMs: number,
  { own, isOpen, free, settle, onError }: SenderHooks,
): Sender {
  let state: State = IDLE
  let cancelTimer = () => {}
  let isFirm = false
  let failures = 0
  let maxEvents = MAX_EVENTS
  /** The attempt under way. */
  let attempt: Promise<void> | undefined
  let isKnown = false
  let bytesAway = 0
  /** Totals that the collector knows. */
  let told = NOTHING
  /** Refused alone: they wait for a later page. */
  const refused = new Set<QueuedEvent>()
  /** Given to the browser, which will not tell of them. */
  const inDoubt: Batch[] = []

  function arm(next: State, delayMs: number) {
    cancelTimer()
    state = next
    cancelTimer = clock.after(delayMs, send)
  }

  const dropped = () => toJson(own.dropped) as string
  const hasUntold = () => isOpen() && dropped() !== told && dropped() !== NOTHING

  function wake() {
    if (state > WAITING) return
    const { waiting } = outbox.health()
    if (waiting >= maxEvents) send()
    else if (state === IDLE && (waiting || hasUntold())) arm(WAITING, intervalMs)
  }

  function backOff(baseMs: number, retryAfterMs = 0) {
    const isSlow = baseMs > BASE_MS || lifecycle.isAway() || (!isKnown && failures >= BLOCKED_FAILURES)
    const jitterMs = fullJitter(failures++, baseMs, isSlow ? AWAY_CAP_MS : VISIBLE_CAP_MS, entropy.random)
    // Those who were told the same second still spread.
    const toldMs = retryAfterMs && retryAfterMs + entropy.random() * BASE_MS
    isFirm = baseMs > BASE_MS || toldMs > jitterMs
    arm(BACK_OFF, Math.max(jitterMs, toldMs))
  }

  /** Begins an attempt, where there is something to send. */
  function send() {
    if (state === STOPPED) return
    cancelTimer()
    const batch = takeBatch(
      free().filter((chunk) => !chunk.batch),
      maxEvents,
      MAX_BYTES,
      false,
      refused,
    )
    // Totals alone, where there is no event to carry them.
    if (!batch.device && hasUntold()) batch.device = own.device
    state = batch.device ? SENDING : IDLE
    if (batch.device) attempt = request(batch)
  }

  async function request(batch: Batch) {
    const [{ status, retryAfterMs, words = `answered ${status}` }, answer] = await dispatch(batch)
    const { length } = batch.events
    const isSplit = SPLIT.test(`${status}`)
    if (state === STOPPED) return
    if (answer) {
      maxEvents = Math.min(MAX_EVENTS, maxEvents * 2)
      if (answer.retry.length) return backOff(BASE_MS, retryAfterMs)
      failures = 0
      state = IDLE
      // In a task of its own: settling an answer and making a request are the tracker's two longest pieces of work.
      if (batch.hasMore) arm(WAITING, 0)
      else wake()
    } else if (isSplit && length > 1) {
      maxEvents = length >> 1
      send()
    } else if (status === 413 && length) {
      settle(batch)
      send()
    } else {
      batch.events.forEach((event) => isSplit && refused.add(event))
      // One that is refused alone holds the others up only if it is not the only one.
      if (isSplit && !failures) {
        failures = 1
        return send()
      }
      backOff(REFUSED.test(`${status}`) ? REFUSED_BASE_MS : BASE_MS, retryAfterMs)
      // Last: a listener may close the tracker, and what is stopped stays so.
      onError(words)
    }
  }

  /** One request, from its marks to what its answer settles. */
  async function dispatch(batch: Batch) {
    const { device, isExit, chunks, events } = batch
    for (const chunk of chunks) chunk.batch = batch
    if (isExit) bytesAway += batch.bytes
    const telling = dropped()
    const outcome = await transport.send(batchBody(batch, own, sdk, clock.eventNow()), { device, isExit })
    if (outcome.status) isKnown = true
    if (outcome.isInDoubt) inDoubt.push(batch)
    else release(batch)
    const answer = outcome.status === 200 ? readAnswer(outcome.body as string, events) : undefined
    if (answer) {
      if (device === own.device) told = telling
      settle(batch, answer)
    }
    return [outcome, answer] as const
  }

  function release(batch: Batch) {
    if (batch.isExit) bytesAway -= batch.bytes
    for (const chunk of batch.chunks) {
      // Another request may have taken it over.
      if (chunk.batch === batch) chunk.batch = undefined
    }
  }

  function handOver(isLeaving: boolean, maxBytes = MAX_PIECE_BYTES) {
    if (state === BACK_OFF && (isFirm || !isLeaving)) return
    if (!transport.canOutlive) {
      if (state <= WAITING) send()
      return
    }
    do {
      const chunks = free().filter(({ batch }) => !batch || (isLeaving && !batch.isExit))
      const piece = takeBatch(
        chunks.reverse(),
        maxEvents,
        Math.min(maxBytes, MAX_AWAY_BYTES - bytesAway),
        true,
        refused,
      )
      if (!piece.device) return
      void dispatch(piece).then(([{ status, isInDoubt }]) => {
        const halfBytes = piece.bytes >> 1
        // The page shares its room in flight with its host: half of it may fit where this one did not.
        const isRefused = !status && !isInDoubt && lifecycle.isAway() && halfBytes >= MIN_PIECE_BYTES
        if (isRefused) handOver(isLeaving, halfBytes)
        else wake()
      })
      // In place of one that was refused, one.
    } while (maxBytes === MAX_PIECE_BYTES)
  }

  return {
    wake,
    resume() {
      inDoubt.splice(0).forEach(release)
      // Once, and not at once: a page that is hidden and shown ten times a second must not ask as often.
      if (state === BACK_OFF && !isFirm) {
        isFirm = true
        arm(BACK_OFF, BASE_MS)
      }
      wake()
    },
    handOver,
    isFailing: () => failures > 0,
    async flush() {
      const present = free()
      // A host that loops on it in an outage must not stop its own page.
      if (state === BACK_OFF) await new Promise<void>((resolve) => void clock.after(BASE_MS, resolve))
      while (present.some(isWaiting)) {
        if (state <= WAITING) send()
        if (state !== SENDING) return
        await attempt
      }
    },
    stop() {
      cancelTimer()
      state = STOPPED
    },
  }
}
