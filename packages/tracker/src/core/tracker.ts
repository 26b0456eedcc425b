import type { WireAnswer } from '@warren/protocol/wire'
import { createAdoption } from './adoption.ts'
import type { AnyEvents, DropReason, Tracker } from './api.ts'
import type { Batch } from './batch.ts'
import type { WriterTotals } from './chunk.ts'
import { createEmitter } from './emitter.ts'
import { writeEvent } from './event.ts'
import { createIdentityKeeper } from './identity.ts'
import { createIds } from './ids.ts'
import { copyOf } from './json.ts'
import { createOutbox } from './outbox.ts'
import type { Platform } from './platform.ts'
import { createSender } from './sender.ts'

const WRITER_CHARS = 10

type Totals = Record<string, number>

/** The tracker on any platform: where its parts meet. Options are checked by the entries. */
export function createCoreTracker<Events extends AnyEvents<Events>>(
  { intervalMs, onClose }: { intervalMs: number; onClose(): void },
  platform: Platform,
): Tracker<Events> {
  const { notes, lifecycle, clock, entropy } = platform
  const ids = createIds(entropy.bytes)
  const { on, emit } = createEmitter()
  const onError = (message: string) => emit('error', { message: `warren: ${message}` })

  const identity = createIdentityKeeper(notes, ids.random, onError)
  const begin = (): WriterTotals => ({
    device: identity.device,
    writer: ids.random(WRITER_CHARS),
    given: 0,
    dropped: {},
  })
  /** The same object for all parts; `reset()` begins it anew. */
  const own = begin()

  /** Where every event of this page went. */
  const counts = { tracked: 0, sent: 0, rejected: {} as Totals, dropped: {} as Totals }

  const outbox = createOutbox(platform, ids, own, ({ message }) => emit('error', { message }))
  const sender = createSender(platform, outbox, intervalMs, { own, settle, onError })
  const adoption = createAdoption(platform, outbox, sender.wake, onError)

  let isTicking = false
  let closing: Promise<void> | undefined

  function drop(reason: DropReason, key: unknown, uuid?: string) {
    increment(own.dropped, reason)
    increment(counts.dropped, reason)
    const eventKey = typeof key === 'string' ? key : ''
    emit('dropped', { reason, eventKey, uuid })
  }

  function settle(batch: Batch, answer?: WireAnswer) {
    const uuids: string[] = []
    // What another request has settled already is not told twice.
    for (const event of outbox.settle(batch, answer ? answer.retry : [])) {
      const [uuid, text] = event
      const rejection = answer && answer.rejected.find(({ index }) => batch.events[index] === event)
      if (rejection) {
        const { code, path, message } = rejection
        increment(counts.rejected, code)
        emit('rejected', { uuid, code, path, message })
      } else if (answer) uuids.push(uuid)
      else drop('too_large', JSON.parse(text).eventKey, uuid)
    }
    counts.sent += uuids.length
    if (uuids.length) emit('sent', { uuids })
    if (!outbox.health().waiting) adoption.look()
  }

  /** The page may never run again: on the device what can be, and to the collector what fits. */
  function leave(isLeaving: boolean) {
    outbox.write(isLeaving)
    outbox.rescue()
    sender.handOver(isLeaving)
  }

  const stopListening = lifecycle.listen((isLeaving) => {
    if (isLeaving) leave(true)
    else sender.resume()
  })

  /** Once for all events of a task: `track()` itself touches no storage, no timer and no network. */
  function tick() {
    isTicking = false
    if (lifecycle.isAway()) leave(false)
    else outbox.write()
    sender.wake()
  }

  adoption.look()

  return {
    track(key, args, options) {
      if (closing) return drop('closed', key)
      const now = clock.now()
      const members = `,"writer":"${own.writer}","seq":${own.given}${identity.members}`
      const event = writeEvent(key, args, options, { now, uuid: ids.uuid(now), members })
      if (typeof event === 'string') return drop(event, key)
      own.given++
      counts.tracked++
      outbox.add(event)
      if (!isTicking) {
        isTicking = true
        void Promise.resolve().then(tick)
      }
    },

    identify(input, options) {
      try {
        identity.identify(input, options)
      } catch (cause) {
        onError(`identify() ignored ${cause}`)
      }
    },

    reset() {
      // What is open belongs to the old device.
      outbox.chunks()
      identity.reset()
      Object.assign(own, begin())
    },

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
        onClose()
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
    health: () => Object.assign(outbox.health(), copyOf(counts)),
  }
}

function increment(totals: Totals, name: string) {
  totals[name] = (totals[name] || 0) + 1
}
