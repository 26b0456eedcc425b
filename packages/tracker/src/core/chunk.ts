import type { Batch } from './batch.ts'

/** What one transaction and one exit piece carry well. */
export const MAX_CHUNK_EVENTS = 50
/** Of UTF-8: two of them make an exit piece. An event over it has a chunk to itself. */
export const MAX_CHUNK_BYTES = 14_000

/** An event without an answer, in its wire form. */
export type QueuedEvent = [uuid: string, text: string]

/** Whose events they are. The totals are those of the wire. */
export interface WriterTotals {
  device: string
  writer: string
  given: number
  dropped: Record<string, number>
  /** The visitor is not known yet: the events wait for his identity. */
  isHeld?: boolean
}

/** A chunk as it lies in a store, with its writer's totals when it was closed. */
export interface ChunkRecord extends WriterTotals {
  v: 1
  /** Oldest first; empty once all are answered. */
  events: QueuedEvent[]
}

/** The unit of storage: events of one device and writer. Once closed it is never added to, only shrunk. */
export interface Chunk {
  readonly key: string
  /** Another one whenever it shrinks. */
  record: ChunkRecord
  /** The record that the store holds durably; another one than `record`: the store is behind. */
  durable?: ChunkRecord | undefined
  /** The record that was put aside last, before the page might end. */
  aside?: ChunkRecord | undefined
  /** The request that carries it, until that one tells. */
  batch?: Batch | undefined
}

const TIME_DIGITS = 9
const RANDOM_CHARS = 9
const KEY_FORM = /^\w{9}.{9}\.\d+\.\d+$/

/**
 * A key sorts by age over all pages (ms since 1970 in base 36), cannot collide (54 random bits), and tells the events
 * and bytes behind it, so that a store is judged without reading a value.
 */
export function chunkKey(now: number, randomId: (chars: number) => string, events: number, bytes: number): string {
  const time = now.toString(36).padStart(TIME_DIGITS, '0').slice(-TIME_DIGITS)
  return `${time}${randomId(RANDOM_CHARS)}.${events}.${bytes}`
}

/** When a chunk was closed, in ms since 1970; 0 for what is no key of a chunk. */
export function keyTime(key: string): number {
  return KEY_FORM.test(key) ? parseInt(key.slice(0, TIME_DIGITS), 36) : 0
}

/** Events of a chunk when it was closed, and their bytes in UTF-8. */
export function keySize(key: string): [events: number, bytes: number] {
  const [, events, bytes] = key.split('.')
  return [Number(events), Number(bytes)]
}

const isPair = ([one, other]: unknown[]) => typeof one === 'string' && typeof other === 'string'

/** Whether a record is of this version and of our shape. */
export function isRecord(value: unknown): value is ChunkRecord {
  try {
    const { v, device, writer, events } = value as ChunkRecord
    return v === 1 && events.length > 0 && [[device, writer], ...events].every(isPair)
  } catch {
    return false
  }
}

export function isWaiting({ record }: Chunk): boolean {
  return record.events.length > 0
}
