import type { DeadQuery } from '@warren/collector'
import { SettingsError } from '@warren/collector/node'

/** Which letters are meant, as flags say it. */
export interface QueryFlags {
  lane?: string
  source?: string
  uuid?: string
  eventKey?: string
  reason?: string
  code?: string
  identity?: string
  text?: string
  /** A date, or milliseconds since 1970. */
  diedBefore?: string
}

const TEXTS = ['lane', 'source', 'uuid', 'eventKey', 'reason', 'code', 'identity', 'text'] as const

/** An instant is written in one of two ways alone: `Date.parse` makes a year of `-1`, and a wrong one discards too much. */
const MILLISECONDS = /^\d{12,}$/
const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?$/

/** The query of these flags, as the collector takes it; whether it makes sense is the collector's to say. */
export function readQueryFlags(flags: QueryFlags): DeadQuery {
  const query: Record<string, string | number> = {}
  for (const name of TEXTS) {
    const value = flags[name]
    if (value !== undefined) query[name] = value
  }
  if (flags.diedBefore !== undefined) query['diedBefore'] = readInstant(flags.diedBefore)
  return query
}

/** A query as a part of an address, with its question mark. */
export function queryText(query: object): string {
  const text = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString()
  return text === '' ? '' : `?${text}`
}

/** The numbers of letters. */
export function readIds(texts: readonly string[]): number[] {
  return texts.map((text) => {
    if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
    throw new SettingsError(`${text} is no letter's number; \`warren dead list\` shows them`)
  })
}

function readInstant(text: string): number {
  const at = MILLISECONDS.test(text) ? Number(text) : DATE.test(text) ? Date.parse(text) : NaN
  if (Number.isSafeInteger(at) && at >= 0) return at
  throw new SettingsError(
    `--died-before: ${text} is no instant; give a date such as 2026-07-01 (in UTC) or 2026-07-01T08:00+08:00, or milliseconds`,
  )
}
