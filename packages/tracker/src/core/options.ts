import { MAX_ID_CHARS } from '@warren/protocol/limits'
import type { TrackerOptions } from './api.ts'
import { isText } from './event.ts'

const DEFAULT_INTERVAL_MS = 1_000
const MAX_INTERVAL_MS = 3_600_000

/** The options with defaults and without a trailing slash; throws one line that names what is wrong and the remedy. */
export function checkOptions(options: TrackerOptions): Required<TrackerOptions> {
  const { endpoint, source, intervalMs = DEFAULT_INTERVAL_MS } = options || {}
  demand(/^https?:\/\/[^\s/?#][^\s?#]*$/i.test(endpoint), 'endpoint', 'an http(s) URL, as https://collect.example.com')
  demand(isText(source, MAX_ID_CHARS), 'source', "an id from your collector's configuration, as web-shop")
  demand(intervalMs >= 0 && intervalMs <= MAX_INTERVAL_MS, 'intervalMs', 'milliseconds, as 1000')
  return { endpoint: endpoint.replace(/\/+$/, ''), source, intervalMs }
}

function demand(isRight: boolean, name: string, remedy: string) {
  if (!isRight) throw new Error(`warren: option ${name} must be ${remedy}`)
}
