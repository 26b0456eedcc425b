import type { SqlEntry } from './sql-entry.ts'

/** A pack's events: a commit never makes a larger one, so that a pack spans two calls at the most. */
const MAX_PACK_EVENTS = 500

/** A pack's bytes: a row must stay under the 2 MB of a Durable Object, whatever is around it. */
const MAX_PACK_BYTES = 1024 * 1024

/** An event's line, as text or in UTF-8, and its bytes. */
export type SqlLine = Pick<SqlEntry, 'json' | 'bytes'>

/** The events of one lane that one commit brings, as one row's text. */
export interface Pack {
  events: number
  bytes: number
  /** In UTF-8 where its lines came so. */
  body: string | Uint8Array
}

/** Cuts entries into packs: JSON lines, which never hold a line break of their own. */
export function toPacks(entries: readonly SqlLine[]): Pack[] {
  const packs: Pack[] = []
  let lines: SqlLine[] = []
  let bytes = 0
  const close = () => {
    if (lines.length > 0) packs.push({ events: lines.length, bytes, body: join(lines) })
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
}

const encoder = new TextEncoder()
const LINE_BREAK = 10

/** Lines with a break between them: text of texts, else UTF-8. */
function join(lines: readonly SqlLine[]): string | Uint8Array {
  const texts = lines.map(({ json }) => json)
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

export function packLines(body: string): string[] {
  return body.split('\n')
}
