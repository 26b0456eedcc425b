import type { WireWriter } from '@warren/protocol/wire'
import { keyBytes, recordWriter, type Chunk, type QueuedEvent } from './chunk.ts'

/** What one request carries: chunks of one device, and their events. */
export interface Batch {
  device: string
  chunks: Chunk[]
  events: QueuedEvent[]
  /** Bytes of the events, at most. */
  bytes: number
  /** No more will fit, or may travel along: there is nothing to wait for. */
  isFull: boolean
}

/** Who sends: the page's own writer, and the build. */
export interface Origin {
  device: string
  writer: WireWriter
  sdk: string
}

/**
 * The first of these chunks that may travel together: whole, of one device, within both limits. Of a first one that
 * alone is over `maxEvents` a part goes; one over `maxBytes` is passed over. Undefined where none fits.
 */
export function takeBatch(chunks: Chunk[], maxEvents: number, maxBytes: number): Batch | undefined {
  let batch: Batch | undefined
  for (const chunk of chunks) {
    const { device, events } = chunk.record
    const bytes = keyBytes(chunk.key) + events.length
    if (!batch) {
      if (bytes > maxBytes) continue
      batch = { device, chunks: [chunk], events: events.slice(0, maxEvents), bytes, isFull: false }
    } else if (
      batch.device === device &&
      batch.events.length + events.length <= maxEvents &&
      batch.bytes + bytes <= maxBytes
    ) {
      batch.chunks.push(chunk)
      batch.events = batch.events.concat(events)
      batch.bytes += bytes
    } else batch.isFull = true
    if (batch.events.length >= maxEvents) batch.isFull = true
    if (batch.isFull) break
  }
  return batch
}

/** The body of a batch, joined from texts that were made in `track()`. */
export function batchBody({ device, chunks, events }: Batch, origin: Origin, sentAt: number): string {
  // A writer's greatest totals count, whatever the order; the page's own are live.
  const writers = new Map(chunks.map(({ record }) => [record.writer, recordWriter(record)]))
  if (device === origin.device) writers.set(origin.writer.id, origin.writer)
  // Arrays are joined by hand: some pages give arrays a `toJSON`.
  const list = [...writers.values()].map((writer) => JSON.stringify(writer))
  const texts = events.map(([, text]) => text)
  return `{"v":1,"sentAt":${sentAt},"device":${JSON.stringify(device)},"sdk":"${origin.sdk}","writers":[${list}],"events":[${texts}]}`
}
