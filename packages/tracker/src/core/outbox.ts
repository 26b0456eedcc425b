import type { WireWriter } from '@warren/protocol/wire'
import type { Health } from './api.ts'
import type { Batch } from './batch.ts'
import { chunkKey, createChunk, MAX_CHUNK_BYTES, MAX_CHUNK_EVENTS, type Chunk, type QueuedEvent } from './chunk.ts'
import type { WrittenEvent } from './event.ts'
import type { Ids } from './ids.ts'
import type { Clock, Store } from './platform.ts'
import { createWaiters } from './waiters.ts'

/**
 * Holds every event until the collector has answered for it: in memory at once, on the device as soon as it can.
 *
 * An event is open (its chunk still takes others) → closed, being written → stored → answered, and removed.
 * One transaction runs at a time and takes all that came meanwhile. Puts and removes go through one lane, so a put
 * under way ends before its chunk's remove begins, or the chunk would come back.
 */
export interface Outbox {
  add(event: WrittenEvent, device: string, writer: WireWriter): void
  /** Closes what is open; all chunks, oldest first. */
  chunks(): Chunk[]
  /** The closed ones alone. */
  closed(): Chunk[]
  isEmpty(): boolean
  /** Keys of the store whose chunks are here, or on their way out. */
  heldKeys(): Set<string>
  /** Takes in stored chunks of earlier pages. */
  adopt(chunks: Chunk[]): void
  /** Removes the batch's answered events, all but the `retry` ones; returns those that were still here. */
  settle(batch: Batch, retry: string[]): QueuedEvent[]
  /** Begins writing what is unwritten; where the device refused, only if told to try again. */
  write(isRetry?: boolean): void
  /** Resolves when all that is here now is durable or answered; rejects where the device refuses. */
  stored(): Promise<void>
  /** The device refuses: keep in memory, and say so once. */
  refuse(cause: unknown): void
  health(): Pick<Health, 'storage' | 'waiting' | 'stored' | 'sending'>
}

const KEY_RANDOM_CHARS = 5

export function createOutbox(store: Store, clock: Clock, ids: Ids, onError: (message: string) => void): Outbox {
  let mirror: Chunk[] = []
  let open: QueuedEvent[] = []
  let openBytes = 0
  let openDevice: string
  let openWriter: WireWriter
  let counter = 0

  const unwritten = new Set<Chunk>()
  /** Keys to remove from the store; a key stays until its removal is durable. */
  const leaving = new Set<string>()
  let isWriting = false
  let isRefused = false
  const waiters = createWaiters((chunk) => chunk.isStored || !chunk.record.events.length)

  function chunks() {
    if (open.length) {
      const key = chunkKey(clock.now(), counter++, ids.random(KEY_RANDOM_CHARS), open.length, openBytes)
      const { id: writer, given } = openWriter
      const dropped = Object.assign({}, openWriter.dropped)
      const chunk = createChunk(key, { v: 1, device: openDevice, writer, given, dropped, events: open }, false)
      mirror.push(chunk)
      unwritten.add(chunk)
      open = []
      openBytes = 0
    }
    return mirror
  }

  function refuse(cause: unknown) {
    const refusal = new Error(`warren: storage refused, events are in memory alone: ${cause}`)
    if (!isRefused) onError(refusal.message)
    isRefused = true
    waiters.fail(refusal)
  }

  async function run() {
    isWriting = true
    chunks()
    const putting = [...unwritten]
    const removing = [...leaving]
    unwritten.clear()
    try {
      if (putting.length) {
        await store.put(putting.map(({ key, record }) => [key, record]))
        for (const chunk of putting.splice(0)) {
          chunk.isStored = true
          // Answered while it was being written.
          if (!chunk.record.events.length) leaving.add(chunk.key)
        }
        isRefused = false
        waiters.tell()
      }
      if (removing.length) {
        await store.remove(removing)
        for (const key of removing) leaving.delete(key)
      }
    } catch (cause) {
      for (const chunk of putting) if (chunk.record.events.length) unwritten.add(chunk)
      refuse(cause)
    }
    isWriting = false
    write()
  }

  function write(isRetry?: boolean) {
    if (isWriting || (isRefused && !isRetry)) return
    if (open.length || unwritten.size || leaving.size) void run()
  }

  return {
    add({ uuid, text, bytes }, device, writer) {
      if (open.length >= MAX_CHUNK_EVENTS || openBytes + bytes > MAX_CHUNK_BYTES || openWriter !== writer) chunks()
      openDevice = device
      openWriter = writer
      openBytes += bytes
      open.push([uuid, text])
    },

    chunks,
    closed: () => mirror,
    isEmpty: () => !open.length && !mirror.length,

    heldKeys: () => new Set([...leaving, ...mirror.map((chunk) => chunk.key)]),

    adopt(adopted) {
      mirror = mirror.concat(adopted).sort((a, b) => (a.key < b.key ? -1 : 1))
    },

    settle({ chunks: sent, events }, retry) {
      const answered: QueuedEvent[] = []
      for (const chunk of sent) {
        const { record } = chunk
        record.events = record.events.filter((event) => {
          const isKept = !events.includes(event) || retry.includes(event[0])
          if (!isKept) answered.push(event)
          return isKept
        })
        // Shrunk, it is written again under its key; empty, it goes.
        if (record.events.length) unwritten.add(chunk)
        else {
          unwritten.delete(chunk)
          if (chunk.isStored) leaving.add(chunk.key)
        }
      }
      mirror = mirror.filter(({ record }) => record.events.length)
      waiters.tell()
      write()
      return answered
    },

    write,

    stored() {
      const promise = waiters.wait(chunks().slice())
      write(true)
      return promise
    },

    refuse,

    health() {
      let waiting = open.length
      let stored = 0
      let sending = 0
      for (const { record, isStored, isSending, isHandedOver } of mirror) {
        const { length } = record.events
        waiting += length
        if (isStored) stored += length
        if (isSending || isHandedOver) sending += length
      }
      return { storage: isRefused ? 'none' : store.name, waiting, stored, sending }
    },
  }
}
