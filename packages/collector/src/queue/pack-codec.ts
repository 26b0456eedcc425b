import type { Compression } from './compression.ts'
import type { SqlEntry } from './sql-entry.ts'

/** A pack's events: a commit never makes a larger one, so that a pack spans two calls at the most. */
const MAX_PACK_EVENTS = 500

/** A pack's bytes: a row must stay under the 2 MB of a Durable Object, whatever is around it. */
const MAX_PACK_BYTES = 1024 * 1024

/** An event's line, as text or in UTF-8, and its bytes. */
export type SqlLine = Pick<SqlEntry, 'json' | 'bytes'>

/** The events of one lane that one commit brings, as one row's body. */
export interface Pack {
  events: number
  /** Of its events, whatever the body has. */
  bytes: number
  /** JSON lines, as text or in UTF-8; or those, compressed. */
  body: string | Uint8Array
  isCompressed: boolean
}

export interface PackCodec {
  /** Cuts entries into packs. */
  toPacks(entries: readonly SqlLine[]): Pack[]
  /** The lines of a row's body: text, or compressed bytes. */
  lines(body: string | Uint8Array): string[]
}

export function packCodec(compression?: Compression): PackCodec {
  const encoder = new TextEncoder()
  const decoder = new TextDecoder()

  function packOf(lines: readonly SqlLine[], bytes: number): Pack {
    const body = joinLines(lines.map(({ json }) => json))
    const events = lines.length
    if (!compression || bytes < compression.fromBytes) return { events, bytes, body, isCompressed: false }
    const plain = typeof body === 'string' ? encoder.encode(body) : body
    return { events, bytes, body: compression.compress(plain), isCompressed: true }
  }

  return {
    toPacks(entries) {
      const packs: Pack[] = []
      let lines: SqlLine[] = []
      let bytes = 0
      const close = () => {
        if (lines.length > 0) packs.push(packOf(lines, bytes))
        lines = []
        bytes = 0
      }
      for (const entry of entries) {
        if (lines.length >= MAX_PACK_EVENTS || bytes + entry.bytes > MAX_PACK_BYTES) close()
        lines.push(entry)
        bytes += entry.bytes
      }
      close()
      return packs
    },
    lines(body) {
      if (typeof body === 'string') return body.split('\n')
      if (!compression) throw new Error(UNREADABLE)
      return decoder.decode(compression.decompress(body)).split('\n')
    },
  }

  /** Lines with a break between them, which JSON never has within: text of texts, else UTF-8. */
  function joinLines(texts: readonly (string | Uint8Array)[]): string | Uint8Array {
    if (texts.every((text) => typeof text === 'string')) return texts.join('\n')
    const parts = texts.map((text) => (typeof text === 'string' ? encoder.encode(text) : text))
    const body = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength + 1, -1))
    let at = 0
    for (const part of parts) {
      if (at > 0) body[at++] = LINE_BREAK
      body.set(part, at)
      at += part.byteLength
    }
    return body
  }
}

const LINE_BREAK = 10

/** What a database with compressed packs is to a runtime that has no such compression. */
export const UNREADABLE =
  'it holds events that were compressed by a newer Node, and this one cannot read them: start it on Node 22.15 or newer'
