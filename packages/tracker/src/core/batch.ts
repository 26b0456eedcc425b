import { keySize, type Chunk, type QueuedEvent, type WriterTotals } from './chunk.ts'
import { toJson } from './json.ts'

/** What one request carries: chunks of one device, and their events. */
export interface Batch {
  device: string
  chunks: Chunk[]
  events: QueuedEvent[]
  /** Bytes of the body, at most. */
  bytes: number
  /** Not all fitted: the next batch need not wait for company. */
  hasMore?: boolean
  /** Its request must outlive the page. */
  isExit: boolean
}

/** Kept free for all that is no event: some 120 bytes, and 60 to 100 for each writer. */
const ENVELOPE_BYTES = 2 * 1024

/**
 * Those of the chunks that may travel together: whole, of one device, within both limits. Of a first one that alone is
 * over a limit a part goes; what does not fit is passed over, and so are events that are not to go now. Without any
 * event where none fits.
 */
export function takeBatch(
  chunks: Chunk[],
  maxEvents: number,
  maxBytes: number,
  isExit: boolean,
  notNow: Set<QueuedEvent>,
): Batch {
  const batch: Batch = { device: '', chunks: [], events: [], bytes: ENVELOPE_BYTES, isExit }
  for (const chunk of chunks) {
    const { device } = chunk.record
    const events = chunk.record.events.filter((event) => !notNow.has(event))
    if (!events.length) continue
    const [count, bytes] = keySize(chunk.key)
    const eventBytes = bytes / count + 1
    const room = Math.floor(Math.min(maxEvents - batch.events.length, (maxBytes - batch.bytes) / eventBytes))
    const isFitting = batch.device ? batch.device === device && events.length <= room : room > 0
    if (isFitting) {
      const taken = events.slice(0, room)
      batch.device = device
      batch.chunks.push(chunk)
      batch.events = batch.events.concat(taken)
      batch.bytes += taken.length * eventBytes
    }
    if (!isFitting || events.length > room) batch.hasMore = true
  }
  return batch
}

/** The body of a batch, joined from texts that were made in `track()`. */
export function batchBody({ device, chunks, events }: Batch, own: WriterTotals, sdk: string, sentAt: number): string {
  // A writer's greatest totals count, whatever the order of its chunks; the page's own are live.
  const writers: Record<string, string> = {}
  const records = chunks.map(({ record }) => record).sort((one, other) => one.given - other.given)
  for (const { device: on, writer: id, given, dropped } of [...records, own]) {
    if (on === device) writers[id] = toJson({ id, given, dropped }) as string
  }
  // Arrays are joined by hand: some pages give arrays a `toJSON`.
  return `{"v":1,"sentAt":${sentAt},"device":"${device}","sdk":"${sdk}","writers":[${Object.values(writers)}],"events":[${events.map(([, text]) => text)}]}`
}
