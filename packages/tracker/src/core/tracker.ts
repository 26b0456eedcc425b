import { TRACKER_RETENTION_MS } from '@warren/protocol/limits'
import type { WireAnswer } from '@warren/protocol/wire'
import { createAdoption } from './adoption.ts'
import type { AnyEvents, DropReason, Tracker, TrackOptions } from './api.ts'
import type { Batch } from './batch.ts'
import { keyTime, type Chunk, type QueuedEvent, type WriterTotals } from './chunk.ts'
import { createEmitter } from './emitter.ts'
import { writeEvent } from './event.ts'
import { createIds } from './ids.ts'
import { copyOf } from './json.ts'
import { release } from './hold.ts'
import { createLadder } from './ladder.ts'
import { createOutbox } from './outbox.ts'
import { CONSENT, type CheckedOptions } from './options.ts'
import type { Platform } from './platform.ts'
import { createSender } from './sender.ts'
import { createSession } from './session.ts'
import { createVisitor } from './visitor.ts'

const WRITER_CHARS = 10

type Totals = Record<string, number>

/** An age over this is a fault of a clock, and no age. */
const YEAR_MS = 365 * 24 * 3_600_000

/** The tracker on any platform: where its parts meet. Options are checked by the entries. */
export function createCoreTracker<Events extends AnyEvents<Events>>(
  options: CheckedOptions,
  platform: Platform,
): Tracker<Events> {
  const { lifecycle, clock, entropy, store, notebook } = platform
  const ids = createIds(entropy.bytes)
  const { on, emit } = createEmitter()
  const onError = (message: string) => emit('error', { message: `warren: ${message}` })

  const visitor = createVisitor(platform, ids.random, onError, follow)
  const session = createSession(platform, ids.random)
  const isHolding = () => options.identityPolicy === 'hold' && !visitor.members()
  const begin = (): WriterTotals => ({
    device: visitor.note().device,
    writer: ids.random(WRITER_CHARS),
    given: 0,
    dropped: {},
    isHeld: isHolding(),
  })
  /** The same object for all parts; another device begins it anew. */
  const own = begin()

  /** Where every event of this page went. */
  const counts = { tracked: 0, sent: 0, rejected: {} as Totals, dropped: {} as Totals }

  let { consent } = options
  const isOpen = () => consent === 'granted' && !lifecycle.isPrerendering()
  const ladder = createLadder(store, notebook)
  const outbox = createOutbox(ladder, clock, ids, own, options, isOpen, ({ message }) => emit('error', { message }))
  const sender = createSender(platform, outbox, options.intervalMs, { own, isOpen, free, settle, onError })
  const adoption = createAdoption(platform, ladder, outbox, sender.isFailing, onLooked, onError)

  let hasBegun = false
  let isTicking = false
  let closing: Promise<void> | undefined

  function drop(reason: DropReason, key: unknown, uuid?: string) {
    increment(own.dropped, reason)
    increment(counts.dropped, reason)
    const eventKey = typeof key === 'string' ? key : ''
    emit('dropped', { reason, eventKey, uuid })
    schedule()
  }

  const dropAll = (reason: DropReason, events: QueuedEvent[]) => {
    for (const [uuid, text] of events) drop(reason, JSON.parse(text).eventKey, uuid)
  }

  function settle(batch: Batch, answer?: WireAnswer) {
    // What another request has settled already is not told twice.
    let settled = outbox.settle(batch, answer)
    if (answer) {
      for (const { index, code, path, message } of answer.rejected) {
        const event = batch.events[index] as QueuedEvent
        if (!settled.includes(event)) continue
        settled = settled.filter((other) => other !== event)
        increment(counts.rejected, code)
        emit('rejected', { uuid: event[0], code, path, message })
      }
      counts.sent += settled.length
      if (settled.length) emit('sent', { uuids: settled.map(([uuid]) => uuid) })
    } else dropAll('too_large', settled)
    if (sender.isFailing()) adoption.rest()
    else if (!outbox.health().waiting) adoption.look()
  }

  const isOld = (key: string, ms: number) => {
    const ageMs = clock.now() - keyTime(key)
    return ageMs > ms && ageMs < YEAR_MS
  }

  /** What may be sent; another page may have erased it. */
  function free() {
    visitor.look()
    return outbox.chunks().filter((chunk) => isOpen() && !chunk.record.isHeld && !predatesErasure(chunk))
  }

  /** From before the erasure, of which the device kept it: it refused, or its browser was killed. */
  function predatesErasure({ key, record }: Chunk) {
    return record.device !== own.device && keyTime(key) <= visitor.note().epoch
  }

  /** Those that need not wait for an identity any more are let go. */
  function endHold() {
    release(outbox, own.device, visitor.members(), isOld)
    own.isHeld = isHolding()
  }

  /** The visitor may be known now, and the device another one; erased: what is here is not to be kept. */
  function follow(isOther: boolean, isErased?: boolean) {
    // What is open belongs to the old device.
    outbox.chunks()
    if (isErased) {
      adoption.forget()
      dropAll(
        'erased',
        outbox.forget(() => true),
      )
    }
    if (isOther) {
      Object.assign(own, begin())
      session.end()
    }
    endHold()
  }

  function onLooked() {
    dropAll(
      'expired',
      outbox.forget(({ key }) => isOld(key, TRACKER_RETENTION_MS)),
    )
    dropAll('erased', outbox.forget(predatesErasure))
    endHold()
    sender.wake()
  }

  /** Writes down who is here, after what other pages say. */
  function remember(isLeaving?: boolean) {
    visitor.look()
    if (isOpen()) visitor.keep(isLeaving)
  }

  /** The page may never run again: on the device what can be, and to the collector what fits. */
  function leave(isLeaving: boolean) {
    remember(isLeaving)
    outbox.write(isLeaving)
    outbox.rescue()
    sender.handOver(isLeaving)
  }

  const stopListening = lifecycle.listen((isLeaving) => {
    if (isLeaving) return leave(true)
    tick()
    sender.resume()
  })

  /** Once for all events of a task: `track()` itself touches no storage, no timer and no network. */
  function tick() {
    isTicking = false
    if (!isOpen()) return
    if (!hasBegun) {
      hasBegun = true
      visitor
        .recover()
        .then(() => {
          remember()
          options.starts.forEach((start) => start && start(tracker as unknown as Tracker, visitor.note().args))
        })
        .catch(onError)
      adoption.look()
    }
    remember()
    session.keep()
    if (lifecycle.isAway()) leave(false)
    else outbox.write()
    sender.wake()
  }

  function schedule() {
    if (isTicking || closing) return
    isTicking = true
    void Promise.resolve().then(tick)
  }

  /** Changes what is known, after what other pages say. What a host gives may be anything, and its getters may throw. */
  function attempt(name: string, change: () => void) {
    try {
      visitor.look()
      change()
      schedule()
    } catch (cause) {
      onError(`${name}() ignored ${cause}`)
    }
  }

  async function erase() {
    notebook.write(notebook.keys().map((key) => [key]))
    const noted = visitor.erase()
    follow(true, true)
    await noted
    await store.write((await store.keys()).filter(keyTime).map((key) => [key]))
  }

  function track(key: unknown, args?: unknown, trackOptions?: TrackOptions) {
    const now = clock.eventNow()
    const event =
      (closing && 'closed') ||
      (consent === 'denied' && 'no_consent') ||
      outbox.limit() ||
      writeEvent(key, args, trackOptions, {
        now,
        uuid: ids.uuid(now),
        members: () =>
          `,"writer":"${own.writer}","seq":${own.given},"session":"${session.id(now)}"${visitor.members()}`,
        args: [{ title: (options.title && lifecycle.title()) || undefined }, visitor.note().args],
        beforeSend: options.beforeSend,
      })
    if (typeof event === 'string') return drop(event, key)
    // A device without an event leaves no trace.
    if (!own.given++) visitor.change()
    counts.tracked++
    outbox.add(event)
    schedule()
  }

  visitor.look()
  tick()
  if (consent === 'denied' && visitor.note().at) void erase().catch(onError)

  const tracker: Tracker<Events> = {
    track,

    identify: (input, identifyOptions) =>
      attempt('identify', () => {
        visitor.identify(input, identifyOptions)
        endHold()
      }),

    reset: () =>
      attempt('reset', () => {
        visitor.reset()
        follow(true)
        session.end(true)
      }),

    register: (args) =>
      attempt('register', () => {
        Object.assign(visitor.note().args, copyOf(args))
        visitor.change(true)
      }),

    unregister: (...keys) =>
      attempt('unregister', () => {
        for (const key of keys) delete visitor.note().args[key]
        visitor.change(true)
      }),

    setConsent: (next) =>
      attempt('setConsent', () => {
        if (!CONSENT.test(next)) throw next
        consent = next
        if (next === 'denied') erase().catch(onError)
      }),

    erase,

    stored() {
      const promise = outbox.stored()
      // One that the host ignores must not become its unhandled rejection.
      promise.catch(() => {})
      return promise
    },

    async flush() {
      const { sent } = counts
      await sender.flush()
      return { sent: counts.sent - sent, pending: outbox.health().waiting }
    },

    close() {
      if (!closing) {
        platform.onClose()
        stopListening()
        sender.stop()
        adoption.stop()
        // A refusal was told as an error; the hand-over does not depend on it.
        closing = outbox.stored().catch(() => {})
        leave(true)
      }
      return closing
    },

    on,

    // The totals are copied: what the host does to them is no matter of ours.
    health: () => Object.assign(outbox.health(), copyOf(counts), { damaged: adoption.damaged() }),
  }
  return tracker
}

function increment(totals: Totals, name: string) {
  totals[name] = (totals[name] || 0) + 1
}
