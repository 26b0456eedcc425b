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
  /** The lifeboat may hold a record of it. */
  isAfloat?: boolean
  /** The request that carries it, until that one tells. */
  batch?: Batch | undefined
}

const TIME_DIGITS = 9
const COUNTER_DIGITS = 4
const KEY_FORM = /^\w{13}.{5}\.\d+\.\d+$/

/**
 * A key sorts by age over all pages (ms since 1970, then a counter, in base 36), cannot collide (5 random characters),
 * and tells the events and bytes behind it, so that a store is judged without reading a value.
 */
export function chunkKey(now: number, counter: number, random: string, events: number, bytes: number): string {
  return `${base36(now, TIME_DIGITS)}${base36(counter, COUNTER_DIGITS)}${random}.${events}.${bytes}`
}

function base36(value: number, digits: number): string {
  return value.toString(36).padStart(digits, '0').slice(-digits)
}

/** When a chunk was closed, in ms since 1970; NaN for what is no key of ours. */
export function keyTime(key: string): number {
  return KEY_FORM.test(key) ? parseInt(key.slice(0, TIME_DIGITS), 36) : NaN
}

/** Bytes of a chunk's texts in UTF-8, when it was closed. */
export function keyBytes(key: string): number {
  return Number(key.split('.')[2])
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
