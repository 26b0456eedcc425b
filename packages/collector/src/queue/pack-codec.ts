import type { QueueEntry } from './ports.ts'

/** A pack's events: a commit never makes a larger one, so that a pack spans two calls at the most. */
const MAX_PACK_EVENTS = 500

/** A pack's bytes: a row must stay under the 2 MB of a Durable Object, whatever is around it. */
const MAX_PACK_BYTES = 1024 * 1024

/** The events of one lane that one commit brings, as one row's text. */
export interface Pack {
  events: number
  bytes: number
  body: string
}

/** Cuts entries into packs: JSON lines, which never hold a line break of their own. */
export function toPacks(entries: readonly Pick<QueueEntry, 'json' | 'bytes'>[]): Pack[] {
  const packs: Pack[] = []
  let lines: string[] = []
  let bytes = 0
  const close = () => {
    if (lines.length > 0) packs.push({ events: lines.length, bytes, body: lines.join('\n') })
    lines = []
    bytes = 0
  }
  for (const entry of entries) {
    if (lines.length >= MAX_PACK_EVENTS || bytes + entry.bytes > MAX_PACK_BYTES) close()
    lines.push(entry.json)
    bytes += entry.bytes
  }
  close()
  return packs
}

export function packLines(body: string): string[] {
  return body.split('\n')
}
