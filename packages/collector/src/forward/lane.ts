import type { OutgoingEvent, Outcome } from '@warren/rabbitpre'
import { readLane } from '../lane-name.ts'
import type { DeadLetter } from '../queue/dead-letters.ts'
import type { LaneStatus } from '../queue/ports.ts'
import { bisecting, type Refused } from './bisecting.ts'
import { caller } from './caller.ts'
import { dueAt, MAX_CALL } from './due.ts'
import type { LaneReport, Upstream } from './forwarder.ts'
import { judge, passed, readRefusal } from './judging.ts'
import { readNote, writeNote } from './lane-note.ts'
import { LEASE_MS, sentBack, TROUBLE_MS, type LaneOptions, type LaneParts } from './lane-parts.ts'
import { noteKeeper } from './note-keeper.ts'
import { parkedKeys } from './parked-keys.ts'
import { probe } from './probing.ts'
import { recorder } from './recorder.ts'
import { refusals } from './refusals.ts'
import { sortLease } from './sort-lease.ts'
import { stops } from './stops.ts'
import { turns } from './turns.ts'

/** One lane's machine; its states are in the table at the top of `forwarder.ts`. */
export interface Lane {
  /** Begins what is due. */
  run(): void
  readonly isBusy: boolean
  /** Resolves when all that was begun has ended. Never rejects. */
  idle(): Promise<void>
  /** Calls in flight end, and are recorded as far as they can be. */
  end(): Promise<void>
  /** A credential has changed: a halt is probed at once. */
  hurry(credentials: string): void
  report(): LaneReport
}

/** A lane without a destination is looked at again this often. */
const NO_DESTINATION_MS = 60_000

/** A batch that an ill code refused this often is bisected all the same, so that one event does not hold the others. */
const ILL_RETURNS = 3

export function createLane(options: LaneOptions): Lane {
  const { lane, queue, telemetry, now, random, isStopping, upstreamOf } = options
  const known = refusals({
    ...options,
    onParked: (eventKey, { code, words }) =>
      telemetry.log('warn', 'a key is parked: its events become dead letters without a call until one of them passes', {
        lane,
        eventKey,
        code,
        words,
      }),
  })
  const halts = stops(options)
  const book = recorder(lane, queue, telemetry)
  const notes = noteKeeper(lane, queue, now, () =>
    writeNote(known, halts.lane, options.credentials.of(upstreamOf(lane)?.credentials ?? '')),
  )
  const calls = caller({ ...options, isIll: known.isIll, owe: book.owe, trouble, onEnd })
  const parts: LaneParts = { ...options, known, halts, book, notes, calls, isSpared: false }
  const bisections = bisecting(parts)
  const parked = parkedKeys({ ...options, onRevived: (events) => telemetry.count('revived', { lane }, events) }, known)
  const pumping = turns(
    () => pump().catch(trouble),
    () => calls.inFlight > 0,
    calls.ended,
  )
  let wasHalted = false
  let isRestored = false
  let notBefore = 0
  let status: LaneStatus | undefined
  let last: { outcome: NonNullable<LaneReport['lastOutcome']>; words: string } | undefined

  const later = (at: number): false => {
    if (at !== Infinity) options.wakeAt(at)
    return false
  }

  /** Does what is due, one thing after another. */
  async function pump(): Promise<void> {
    while (!isStopping()) {
      if (notBefore > now()) return void later(notBefore)
      await book.pay()
      status = (await queue.lanes()).find((one) => one.lane === lane)
      if (!status) return
      const upstream = upstreamOf(lane)
      if (!upstream) return withoutDestination()
      restore(status, upstream)
      if (!(await step(status, upstream))) break
    }
    later((await notes.keep()) ?? Infinity)
  }

  /** Begins one thing, if it is time; true where there may be more. */
  async function step(status: LaneStatus, upstream: Upstream): Promise<boolean> {
    const stop = halts.current(upstream.credentials)
    if (stop) {
      // Here, for whoever began it: another lane may have, by the credentials that both use.
      if (!wasHalted) notes.changed(true)
      wasHalted = true
      if (calls.inFlight > 0) return false
      if (bisections.holds) await bisections.giveAllBack()
      return later((await probe(parts, stop, upstream, status.events > 0)) ?? Infinity)
    }
    if (wasHalted) {
      wasHalted = false
      notes.changed(true)
      calls.restart()
    }
    if (calls.nextAt > now()) return later(calls.nextAt)
    if (bisections.isReady) {
      await bisections.goOn(upstream)
      return true
    }
    if (bisections.isUndecided) return false
    const letter = await parked.due()
    if (letter === 'more') return true
    if (letter) return tryLetter(letter, upstream)
    // Asked for only where it can be done: a halted lane would be woken for it without end.
    later(parked.nextAt() ?? Infinity)
    const due = dueAt(status, now(), upstream.maxCall)
    if (due === undefined) return false
    return due > now() ? later(due) : take(upstream)
  }

  async function take(upstream: Upstream): Promise<boolean> {
    const lease = await queue.lease(lane, upstream.maxCall ?? MAX_CALL, LEASE_MS)
    if (!lease) {
      // The queue said that something is due: it is asked again, and not in a hot loop.
      notBefore = now() + TROUBLE_MS
      return later(notBefore)
    }
    const leasedAt = now()
    const { call: members, settlements } = sortLease(lease, known, now())
    await book.record(settlements)
    if (members.length === 0) return true
    const events = members.map(({ event }) => event)
    calls.begin(upstream, events, (outcome, startedAt) =>
      conclude({ lease, leasedAt, members }, outcome, startedAt, upstream),
    )
    return true
  }

  /** What becomes of a batch. */
  async function conclude(
    { lease, leasedAt, members }: Omit<Refused, 'refusal'>,
    outcome: Outcome,
    startedAt: number,
    { credentials }: Upstream,
  ): Promise<void> {
    const wait = (afterMs: number) => {
      calls.waits(lease.id)
      return book.record([sentBack(lease, afterMs)])
    }
    switch (outcome.kind) {
      case 'delivered': {
        parts.isSpared = false
        return book.record([...passed(parts, members), { lease: lease.id, verdict: 'ack' }])
      }
      case 'unavailable':
        return wait(calls.failed(startedAt, outcome.retryAfterMs))
      case 'unauthorised':
      case 'misconfigured':
        halts.stopFor(outcome, credentials)
        return book.record([sentBack(lease)])
      case 'refused':
      case 'tooLarge': {
        const refusal = readRefusal(outcome)
        const [member] = members
        if (halts.current(credentials)) return book.record([sentBack(lease)])
        if (members.length === 1 && member) return judge(parts, lease, member, refusal)
        if (known.isIll(refusal.code) && (lease.returns < ILL_RETURNS || calls.isHalfOpen)) {
          return wait(calls.failed(startedAt))
        }
        telemetry.log('warn', 'a batch was refused; it is bisected', { lane, words: refusal.words })
        bisections.add({ lease, leasedAt, members, refusal })
      }
    }
  }

  /** A dead letter of a parked key is tried. */
  function tryLetter(letter: DeadLetter, upstream: Upstream): true {
    const event = JSON.parse(letter.json) as OutgoingEvent
    calls.begin(upstream, [event], async (outcome, startedAt) => {
      notes.changed(true)
      if (outcome.kind === 'delivered') {
        telemetry.log('info', 'an event of a parked key was delivered; the others come back', {
          lane,
          eventKey: event.eventKey,
          code: letter.code,
          words: letter.words,
        })
        known.delivered([event])
        await parked.passed(letter)
      } else if (outcome.kind === 'refused') parked.refused(letter, outcome.words)
      else if (outcome.kind === 'unavailable') calls.failed(startedAt, outcome.retryAfterMs)
      else if (outcome.kind === 'unauthorised' || outcome.kind === 'misconfigured') {
        halts.stopFor(outcome, upstream.credentials)
      }
    })
    return true
  }

  function restore({ note }: LaneStatus, { credentials }: Upstream): void {
    if (isRestored) return
    isRestored = true
    const from = readNote(note)
    if (!from) return
    known.restore(from.refusals)
    halts.restore(from, credentials)
  }

  function withoutDestination(): void {
    const { destination } = readLane(lane)
    telemetry.log('warn', 'events wait for a destination that is not configured', { destination })
    last = { outcome: 'no destination', words: `no destination ${destination} is configured` }
    notBefore = now() + NO_DESTINATION_MS
    later(notBefore)
  }

  /** A lane's work must not end in silence: whatever failed, it waits and tries again. */
  function trouble(error: unknown): void {
    notBefore = now() + TROUBLE_MS * (1 + random())
    telemetry.log('error', 'forwarding failed; the lane waits', { lane, error: String(error) })
    later(notBefore)
  }

  function onEnd(outcome: Outcome | undefined): void {
    if (outcome) last = { outcome: outcome.kind, words: 'words' in outcome ? outcome.words : '' }
    pumping.ask()
  }

  return {
    run: pumping.ask,
    idle: pumping.idle,
    get isBusy() {
      return pumping.isBusy
    },
    async end() {
      await pumping.idle()
      await book.pay().catch((error: unknown) =>
        telemetry.log('error', 'an answer could not be recorded; its events will be sent again', {
          lane,
          error: String(error),
        }),
      )
    },
    hurry(credentials) {
      if (upstreamOf(lane)?.credentials === credentials) halts.current(credentials)?.hurry()
    },
    report() {
      const stop = halts.current(upstreamOf(lane)?.credentials ?? '')
      const nextAt = Math.max(notBefore, calls.nextAt === Infinity ? 0 : calls.nextAt)
      const words = stop?.words ?? last?.words ?? ''
      const suspects = [...known.suspects()].length
      const parkedKeys = [...known.parked.keys()]
      return {
        lane,
        state: stop ? 'halted' : calls.inFlight > 0 ? 'calling' : nextAt > now() ? 'waiting' : 'idle',
        events: status?.events ?? 0,
        ...(last ? { lastOutcome: last.outcome } : {}),
        ...(words === '' ? {} : { words }),
        ...(stop ? { haltedSince: stop.since, nextProbeAt: stop.nextAt } : {}),
        ...(suspects > 0 ? { suspects } : {}),
        ...(parkedKeys.length > 0 ? { parkedKeys } : {}),
      }
    },
  }
}
