import type { Health } from './api.ts'
import type { Batch } from './batch.ts'
import {
  chunkKey,
  isWaiting,
  MAX_CHUNK_BYTES,
  MAX_CHUNK_EVENTS,
  type Chunk,
  type ChunkRecord,
  type QueuedEvent,
  type WriterTotals,
} from './chunk.ts'
import type { WrittenEvent } from './event.ts'
import type { Ids } from './ids.ts'
import { copyOf } from './json.ts'
import type { Platform } from './platform.ts'

/**
 * Holds every event until the collector has answered for it: in memory at once, on the device as soon as it can.
 *
 * An event is open (its chunk still takes others) → closed → stored → answered, and removed. One transaction runs at
 * a time and takes all that came meanwhile: what is put first, and only then what is removed, or it would come back.
 */
export interface Outbox {
  add(event: WrittenEvent): void
  /** Closes what is open; all that waits for an answer, oldest first. */
  chunks(): Chunk[]
  /** Whether a key of a store is one of ours, or on its way out. */
  holds(key: string): boolean
  /** Takes in a chunk of an earlier page. */
  adopt(chunk: Chunk): void
  /** Removes the batch's answered events, all but the `retry` ones; returns those that were still here. */
  settle(batch: Batch, retry: string[]): QueuedEvent[]
  /** Begins writing what is unwritten; where the device refused, only if told to try again. */
  write(isRetry?: boolean): void
  /** Writes to the lifeboat, at once, what is not durable yet: the page may never run again. */
  rescue(): void
  /** Resolves when all that is here now is durable or answered; rejects where the device refuses. */
  stored(): Promise<void>
  health(): Pick<Health, 'storage' | 'waiting' | 'stored' | 'sending'>
}

const KEY_RANDOM_CHARS = 5

const keyOf = ({ key }: Chunk) => key
const isBehind = ({ record, durable }: Chunk) => record !== durable
const isAtRisk = (chunk: Chunk) => isWaiting(chunk) && isBehind(chunk)

export function createOutbox(
  { store, lifeboat, clock }: Platform,
  ids: Ids,
  own: WriterTotals,
  onError: (cause: Error) => void,
): Outbox {
  /** Closed chunks, oldest first; answered ones until they are out of the store. */
  let mirror: Chunk[] = []
  let open: QueuedEvent[] = []
  let openBytes = 0
  let counter = 0
  let writing: Promise<void> | undefined
  let refusal: Error | undefined

  function chunks() {
    if (open.length) {
      mirror.push({
        key: chunkKey(clock.now(), counter++, ids.random(KEY_RANDOM_CHARS), open.length, openBytes),
        record: Object.assign({ v: 1 as const, events: open }, copyOf(own)),
      })
      open = []
      openBytes = 0
    }
    return mirror.filter(isWaiting)
  }

  async function transact() {
    const putting = chunks().filter(isBehind)
    // Those answered before they were ever written are done with.
    mirror = mirror.filter((chunk) => isWaiting(chunk) || chunk.durable)
    const answered = mirror.filter((chunk) => !isWaiting(chunk))
    const records = putting.map(({ key, record }): [string, ChunkRecord] => [key, record])
    try {
      // Always waits, if only for a moment: `writing` is set before it is unset.
      await (putting.length && store.put(records))
      putting.forEach((chunk, i) => (chunk.durable = (records[i] as [string, ChunkRecord])[1]))
      land()
      if (answered.length) await store.remove(answered.map(keyOf))
      mirror = mirror.filter((chunk) => !answered.includes(chunk))
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
    if (!writing && (!refusal || isRetry) && (open.length || mirror.some(isBehind))) writing = transact()
  }

  /** The lifeboat lets go of what is durable, or answered. */
  function land() {
    const landed = mirror.filter((chunk) => chunk.isAfloat && !isAtRisk(chunk))
    for (const chunk of landed) chunk.isAfloat = false
    lifeboat.remove(landed.map(keyOf)).catch(() => {
      // What stays there is sent again by a later page, as a repeat.
    })
  }

  return {
    add({ uuid, text, bytes }) {
      if (open.length >= MAX_CHUNK_EVENTS || openBytes + bytes > MAX_CHUNK_BYTES) chunks()
      openBytes += bytes
      open.push([uuid, text])
    },

    chunks,

    holds: (key) => mirror.some((chunk) => chunk.key === key),

    adopt(adopted) {
      mirror.push(adopted)
      mirror.sort((a, b) => (a.key < b.key ? -1 : 1))
    },

    settle({ chunks: sent, events }, retry) {
      const answered: QueuedEvent[] = []
      for (const chunk of sent) {
        const kept: QueuedEvent[] = []
        for (const event of chunk.record.events) {
          const isAnswered = events.includes(event) && !retry.includes(event[0])
          ;(isAnswered ? answered : kept).push(event)
        }
        if (kept.length < chunk.record.events.length) chunk.record = Object.assign({}, chunk.record, { events: kept })
      }
      land()
      write()
      return answered
    },

    write,

    rescue() {
      for (const chunk of chunks()) {
        if (chunk.isAfloat || !isBehind(chunk)) continue
        chunk.isAfloat = true
        lifeboat.put([[chunk.key, chunk.record]]).catch(() => (chunk.isAfloat = false))
      }
    },

    async stored() {
      const present = chunks()
      write(true)
      while (writing && present.some(isAtRisk)) await writing
      if (present.some(isAtRisk)) throw refusal
    },

    health() {
      let waiting = open.length
      let stored = 0
      let sending = 0
      for (const chunk of mirror) {
        const { length } = chunk.record.events
        waiting += length
        if (!isBehind(chunk)) stored += length
        if (chunk.batch) sending += length
      }
      return { storage: refusal ? 'none' : store.name, waiting, stored, sending }
    },
  }
}
