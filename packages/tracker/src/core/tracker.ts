import type { WireWriter } from '@warren/protocol/wire'
import { createAdoption } from './adoption.ts'
import type { DropReason, Tracker } from './api.ts'
import type { Batch } from './batch.ts'
import { createEmitter } from './emitter.ts'
import { writeEvent } from './event.ts'
import { createHandOver } from './hand-over.ts'
import { createIdentityKeeper } from './identity.ts'
import { createIds } from './ids.ts'
import { createOutbox } from './outbox.ts'
import type { Platform } from './platform.ts'
import { createSender } from './sender.ts'
import { createTally, increment } from './tally.ts'

const WRITER_CHARS = 10

/** The tracker on any platform: where its parts meet. Options are checked by the entries. */
export function createCoreTracker<Events extends Record<string, object>>(
  { intervalMs }: { intervalMs: number },
  platform: Platform,
): Tracker<Events> {
  const { sdk, store, notes, lifecycle, clock, entropy } = platform
  const ids = createIds(entropy.bytes)
  const emitter = createEmitter()
  const onError = (message: string) => emitter.emit('error', { message })

  const identity = createIdentityKeeper(notes, ids.random)
  const newWriter = (): WireWriter => ({ id: ids.random(WRITER_CHARS), given: 0, dropped: {} })
  let writer = newWriter()
  const origin = () => ({ device: identity.device(), writer, sdk })

  const outbox = createOutbox(store, clock, ids, onError)
  const tally = createTally(emitter, outbox)

  const settle: typeof tally.settle = (batch, answer) => {
    tally.settle(batch, answer)
    if (outbox.isEmpty()) adoption.look()
  }
  const dropTooLarge = (batch: Batch) => {
    for (const [uuid, text] of outbox.settle(batch, [])) {
      drop('too_large', (JSON.parse(text) as { eventKey: string }).eventKey, uuid)
    }
  }
  const sender = createSender(platform, outbox, intervalMs, { origin, settle, dropTooLarge, onError })
  const handOver = createHandOver(platform, outbox, origin, settle, sender.wake)
  const adoption = createAdoption(platform, outbox, sender.wake, onError)

  const stopListening = lifecycle.listen((signal) => {
    if (signal === 'leave') {
      outbox.write(true)
      handOver.run(true)
      return
    }
    if (signal === 'return') handOver.reclaim()
    sender.resume()
    sender.wake()
  })

  let isTicking = false
  let closing: Promise<void> | undefined

  function drop(reason: DropReason, key: unknown, uuid?: string) {
    increment(writer.dropped, reason)
    tally.drop(reason, key, uuid)
  }

  /** Once for all events of a task: `track()` itself touches no storage, no timer and no network. */
  function tick() {
    isTicking = false
    outbox.write()
    // Timers may never run again: hand over now, unless the collector is known not to answer.
    if (lifecycle.isAway() && !sender.isBackingOff()) handOver.run(false)
    sender.wake()
  }

  adoption.look()

  return {
    track(key, args, options) {
      if (closing) return drop('closed', key)
      const event = writeEvent(key, args, options, {
        now: clock.now(),
        uuid: ids.uuid,
        writer: writer.id,
        seq: writer.given,
        identity: identity.members(),
      })
      if (typeof event === 'string') return drop(event, key)
      writer.given++
      tally.counts.tracked++
      outbox.add(event, identity.device(), writer)
      if (!isTicking) {
        isTicking = true
        void Promise.resolve().then(tick)
      }
    },

    identify(input, options) {
      let problems: string[]
      try {
        problems = identity.identify(input, options)
      } catch (cause) {
        problems = [String(cause)]
      }
      if (problems.length) onError(`warren: identify() ignored ${problems.join(', ')}`)
    },

    reset() {
      identity.reset()
      writer = newWriter()
    },

    stored() {
      const promise = outbox.stored()
      // One that the host ignores must not become its unhandled rejection.
      promise.catch(() => {})
      return promise
    },

    async flush() {
      const { sent } = tally.counts
      await sender.flush()
      return { sent: tally.counts.sent - sent, pending: outbox.health().waiting }
    },

    close() {
      if (!closing) {
        stopListening()
        sender.stop()
        adoption.stop()
        // A refusal was told as an error; the hand-over does not depend on it.
        closing = outbox.stored().catch(() => {})
        handOver.run(true)
      }
      return closing
    },

    on: emitter.on,

    health() {
      const { tracked, sent, rejected, dropped } = tally.counts
      return Object.assign(outbox.health(), {
        tracked,
        sent,
        rejected: Object.assign({}, rejected),
        dropped: Object.assign({}, dropped),
      })
    },
  }
}
