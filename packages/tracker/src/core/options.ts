import { isText } from '@warren/protocol/is-text'
import { MAX_ID_CHARS } from '@warren/protocol/limits'
import type { TrackerOptions } from './api.ts'

const DEFAULT_INTERVAL_MS = 1_000
const MAX_INTERVAL_MS = 3_600_000

/** The options as a script tag has them: an attribute is a text. */
export interface Attributes {
  endpoint: string
  source: string
  intervalMs?: string
}

/** The options with defaults and without a trailing slash; throws one line that names what is wrong and the remedy. */
export function checkOptions(options: TrackerOptions | Attributes): Required<TrackerOptions> {
  const { endpoint, source, intervalMs: given = DEFAULT_INTERVAL_MS } = options || {}
  const intervalMs = Number(given)
  const wrong =
    (!/^https?:\/\/[^\s?#]+$/.test(endpoint) && 'endpoint must be like https://example.com') ||
    (!isText(source, MAX_ID_CHARS) && 'source must be an id') ||
    (!(intervalMs >= 0 && intervalMs <= MAX_INTERVAL_MS) && 'intervalMs must be milliseconds')
  if (wrong) throw new Error(`warren: option ${wrong}`)
  return { endpoint: endpoint.replace(/\/+$/, ''), source, intervalMs }
}
