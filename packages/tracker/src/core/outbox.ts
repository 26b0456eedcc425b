import { utf8Bytes } from '@warren/protocol/utf8-bytes'
import type { WireAnswer } from '@warren/protocol/wire'
import type { DropReason, Health } from './api.ts'
import type { Batch } from './batch.ts'
import {
  chunkKey,
  isWaiting,
  keySize,
  MAX_CHUNK_BYTES,
  MAX_CHUNK_EVENTS,
  type Chunk,
  type QueuedEvent,
  type WriterTotals,
} from './chunk.ts'
import type { WrittenEvent } from './event.ts'
import type { Ids } from './ids.ts'
import { copyOf } from './json.ts'
import type { Change, Ladder } from './ladder.ts'
import type { Clock } from './platform.ts'

/**
 * Holds every event until the collector has answered for it: in memory at once, on the device as soon as it can.
 *
 * An event is open (its chunk still takes others) → closed → stored → answered, and removed. One transaction runs at
 * a time and takes all that came meanwhile. Where the device refuses, events are in memory alone, and it is asked again
 * every half minute, and before the page may end.
 */
export interface Outbox {
  add(event: WrittenEvent): void
  /** Closes what is open; all that waits for an answer, oldest first. */
  chunks(): Chunk[]
  /** Whether a key of a store is one of ours, or on its way out. */
  holds(key: string): boolean
  /** Takes in a chunk of an earlier page. */
  adopt(chunk: Chunk): void
  /**
   * Removes the batch's events that are answered, all of them where there is no answer to wait for; returns those that
   * were still here.
   */
  settle(batch: Batch, answer?: WireAnswer): QueuedEvent[]
  /** Lets go of such chunks, whatever becomes of their requests; returns their events. */
  forget(isUnwanted: (chunk: Chunk) => boolean): QueuedEvent[]
  /** Puts these in place of a chunk's events, which are not held any more. */
  replace(chunk: Chunk, events: QueuedEvent[]): void
  /** Begins writing what is unwritten; where the device refused, only if told to try again. */
  write(isRetry?: boolean): void
  /** Puts aside, at once, what is not durable yet. */
  rescue(): void
  /** Resolves when all that is here now is durable or answered; rejects where the device refuses. */
  stored(): Promise<void>
  /** The limit that is reached by what waits here and elsewhere on the device. */
  limit(): DropReason | undefined
  /** Says what lies in the store that is not held here. */
  countOthers(keys: string[]): void
  health(): Pick<Health, 'storage' | 'waiting' | 'stored' | 'sending' | 'held'>
}

const isBehind = ({ record, durable }: Chunk) => record !== durable
const isAtRisk = (chunk: Chunk) => isWaiting(chunk) && isBehind(chunk)
const changeOf = (chunk: Chunk): Change => [chunk.key, isWaiting(chunk) ? chunk.record : undefined]

export function createOutbox(
  ladder: Ladder,
  clock: Clock,
  ids: Ids,
  own: WriterTotals,
  { maxEvents, maxBytes }: { maxEvents: number; maxBytes: number },
  /** Consent is given, and the page is shown. */
  isOpen: () => boolean,
  onError: (cause: Error) => void,
): Outbox {
  /** Closed chunks, oldest first; answered ones until they are out of the store. */
  let mirror: Chunk[] = []
  let open: QueuedEvent[] = []
  let openBytes = 0
  let writing: Promise<void> | undefined
  let refusal: Error | undefined
  /** What waits here, and what others have in the store. */
  let events = 0
  let bytes = 0
  let othersEvents = 0
  let othersBytes = 0

  function chunks() {
    if (open.length) {
      mirror.push({
        key: chunkKey(clock.now(), ids.random, open.length, openBytes),
        record: Object.assign({ v: 1 as const, events: open }, copyOf(own)),
      })
      open = []
      openBytes = 0
    }
    return mirror.filter(isWaiting)
  }

  function count(some: QueuedEvent[], sign: number) {
    for (const [, text] of some) {
      events += sign
      bytes += sign * utf8Bytes(text)
    }
  }

  /** Leaves to each of the chunks what is to be kept; returns the others. */
  function shrink(some: Chunk[], isKept: (event: QueuedEvent, chunk: Chunk) => boolean) {
    const gone: QueuedEvent[] = []
    for (const chunk of some) {
      const { record } = chunk
      const kept = record.events.filter((event) => isKept(event, chunk) || !gone.push(event))
      if (kept.length < record.events.length) chunk.record = Object.assign({}, record, { events: kept })
    }
    count(gone, -1)
    // What was put aside is not to be found by another page.
    putAside(some.filter(({ aside }) => aside))
    write()
    return gone
  }

  function putAside(some: Chunk[]) {
    const changed = some.filter(({ record, aside }) => record !== aside)
    for (const chunk of changed) chunk.aside = chunk.record
    ladder.rescue(changed.map(changeOf))
  }

  async function transact(isRetry?: boolean) {
    chunks()
    const putting = mirror.filter(isBehind).map((chunk) => ({ chunk, record: chunk.record }))
    try {
      await ladder.write(
        putting.map(({ chunk }) => changeOf(chunk)),
        isRetry,
      )
      for (const { chunk, record } of putting) chunk.durable = record
      mirror = mirror.filter((chunk) => isWaiting(chunk) || isBehind(chunk))
      refusal = undefined
    } catch (cause) {
      const isNews = !refusal
      refusal = new Error(`warren: storage refused: ${cause}`)
      if (isNews) onError(refusal)
    }
    writing = undefined
    write()
  }

  function write(isRetry?: boolean) {
    const isDue = isRetry || (!refusal && (open.length || mirror.some(isBehind)))
    // Where nothing waits, a write only removes.
    if (!writing && (isOpen() || !events) && isDue) writing = transact(isRetry)
  }

  return {
    add({ uuid, text, bytes: size }) {
      if (open.length >= MAX_CHUNK_EVENTS || openBytes + size > MAX_CHUNK_BYTES) chunks()
      openBytes += size
      bytes += size
      events++
      open.push([uuid, text])
    },

    chunks,

    holds: (key) => mirror.some((chunk) => chunk.key === key),

    adopt(chunk) {
      mirror.push(chunk)
      mirror.sort((a, b) => (a.key < b.key ? -1 : 1))
      count(chunk.record.events, 1)
    },

    settle: (batch, answer) =>
      shrink(batch.chunks, (event) => !batch.events.includes(event) || !!(answer && answer.retry.includes(event[0]))),

    replace(chunk, changed) {
      count(chunk.record.events, -1)
      count(changed, 1)
      chunk.record = Object.assign({}, chunk.record, { isHeld: false, events: changed })
    },

    forget: (isUnwanted) => shrink(chunks(), (_, chunk) => !isUnwanted(chunk)),

    write,

    rescue() {
      if (isOpen()) putAside(chunks().filter(isBehind))
    },

    async stored() {
      const present = chunks()
      write(true)
      while (writing && present.some(isAtRisk)) await writing
      if (present.some(isAtRisk)) throw refusal || new Error('warren: consent is not granted')
    },

    limit() {
      if (events + othersEvents >= maxEvents) return 'limit_events'
      return bytes + othersBytes >= maxBytes ? 'limit_bytes' : undefined
    },

    countOthers(keys) {
      othersEvents = othersBytes = 0
      for (const key of keys) {
        const [some, size] = keySize(key)
        othersEvents += some
        othersBytes += size
      }
    },

    health() {
      let stored = 0
      let sending = 0
      let held = own.isHeld ? open.length : 0
      for (const chunk of mirror) {
        const { length } = chunk.record.events
        if (chunk.record.isHeld) held += length
        if (!isBehind(chunk)) stored += length
        if (chunk.batch) sending += length
      }
      return { storage: refusal ? 'none' : ladder.rung(), waiting: events, stored, sending, held }
    },
  }
}
