import { MAX_ID_CHARS } from '@warren/protocol/limits'
import type { WireWriter } from '@warren/protocol/wire'
import { isText } from './event.ts'

/** What one transaction and one exit piece carry well. */
export const MAX_CHUNK_EVENTS = 50
/** Of UTF-8: two of them make an exit piece. An event over it has a chunk to itself. */
export const MAX_CHUNK_BYTES = 14_000

/** An event without an answer, in its wire form. */
export type QueuedEvent = [uuid: string, text: string]

/** A chunk as it lies in the store. */
export interface ChunkRecord {
  v: 1
  device: string
  writer: string
  /** The writer's totals when the chunk was closed, as on the wire. */
  given: number
  dropped: Record<string, number>
  /** Oldest first; a new array whenever it shrinks. */
  events: QueuedEvent[]
}

/** The unit of storage: events of one device and writer. Once closed it is never added to, only shrunk. */
export interface Chunk {
  readonly key: string
  readonly record: ChunkRecord
  /** Durable: its transaction completed. */
  isStored: boolean
  /** In the sender's request. */
  isSending: boolean
  /** In a request that outlives the page, not concluded. */
  isHandedOver: boolean
}

export function createChunk(key: string, record: ChunkRecord, isStored: boolean): Chunk {
  return { key, record, isStored, isSending: false, isHandedOver: false }
}

const TIME_DIGITS = 9
const COUNTER_DIGITS = 4
const KEY_FORM = /^\w{13}[\w-]{5}\.\d+\.\d+$/

/**
 * A key sorts by age over all pages (ms since 1970, then a counter, in base 36), cannot collide (5 random characters),
 * and tells the events and bytes behind it, so that a store is judged without reading a value.
 */
export function chunkKey(now: number, counter: number, random: string, events: number, bytes: number): string {
  return base36(now, TIME_DIGITS) + base36(counter, COUNTER_DIGITS) + `${random}.${events}.${bytes}`
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
  return +key.slice(key.lastIndexOf('.') + 1)
}

/** Whether a record is whole and of this version: one bad text would spoil the batch it travels in. */
export function isRecord(value: unknown): value is ChunkRecord {
  try {
    const { v, device, writer, given, dropped, events } = value as ChunkRecord
    return (
      v === 1 &&
      [device, writer].every((id) => isText(id, MAX_ID_CHARS)) &&
      [given, ...Object.keys(dropped).map((reason) => dropped[reason])].every(
        (count) => (count as number) >>> 0 === count,
      ) &&
      events.length > 0 &&
      events.every(([uuid, text]) => JSON.parse(text).uuid === uuid)
    )
  } catch {
    return false
  }
}

/** The record's writer as the wire has it. */
export function recordWriter({ writer, given, dropped }: ChunkRecord): WireWriter {
  return { id: writer, given, dropped }
}
