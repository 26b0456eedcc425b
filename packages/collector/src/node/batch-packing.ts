import type { QueueEntry } from '../queue/ports.ts'
import type { SqlEntry } from '../queue/sql-entry.ts'

/**
 * What `enqueue` was asked in one turn, as it crosses to the queue's thread: member by member over all of them, and the
 * lines in one piece of UTF-8, which is handed over and not copied, and which the database takes as it is. As objects
 * with texts it took three times as long (measured).
 */
export interface PackedBatches {
  /** Of each batch: the call's number, its source, and how many events it has. */
  ids: number[]
  sources: string[]
  counts: number[]
  /** Of each event. A lane is empty where it is that of the event before. */
  uuids: string[]
  lanes: string[]
  /** Of its line, without the line break. */
  bytes: number[]
  lines: Uint8Array<ArrayBuffer>
}

const encoder = new TextEncoder()

/** Gathers batches until they are taken. */
export function batchPacker() {
  let packed = nothing()
  let texts: string[] = []
  let lane = ''
  return {
    add(id: number, source: string, entries: readonly QueueEntry[]): void {
      packed.ids.push(id)
      packed.sources.push(source)
      packed.counts.push(entries.length)
      for (const entry of entries) {
        packed.uuids.push(entry.uuid)
        packed.lanes.push(entry.lane === lane ? '' : (lane = entry.lane))
        packed.bytes.push(entry.bytes)
        texts.push(entry.json)
      }
    },
    take(): PackedBatches {
      const taken = { ...packed, lines: encoder.encode(texts.join('\n')) }
      packed = nothing()
      texts = []
      lane = ''
      return taken
    },
  }
}

const nothing = (): Omit<PackedBatches, 'lines'> => ({
  ids: [],
  sources: [],
  counts: [],
  uuids: [],
  lanes: [],
  bytes: [],
})

/** The batches again, one after the other. */
export function* unpackBatches({ ids, sources, counts, uuids, lanes, bytes, lines }: PackedBatches) {
  let event = 0
  let lane = ''
  let at = 0
  for (let n = 0; n < ids.length; n++) {
    const entries: SqlEntry[] = []
    for (const end = event + (counts[n] ?? 0); event < end; event++) {
      const size = bytes[event] ?? 0
      lane = lanes[event] || lane
      entries.push({ uuid: uuids[event] ?? '', lane, json: lines.subarray(at, at + size), bytes: size })
      at += size + 1
    }
    yield { id: ids[n] ?? 0, source: sources[n] ?? '', entries }
  }
}
