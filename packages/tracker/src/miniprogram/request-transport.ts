import { MAX_RETRY_AFTER_MS } from '@warren/protocol/limits'
import type { CheckedOptions } from '../core/options.ts'
import type { Outcome, Transport } from '../core/platform.ts'
import type { MiniHost, RequestOptions } from './hosts.ts'
import { wordsOf } from './storage-store.ts'

/** Under the host's own 60 s, so that one slot of its ten is not held by a dead line. */
const TIMEOUT_MS = 30_000

const UNLISTED = 'the host refuses this domain: add it to the request domains (request 合法域名)'

/** Posts text by the host's `request`, whose `success` is fired for any status. One request at a time: of ten slots. */
export function requestTransport(
  { api, headers, status }: MiniHost,
  { endpoint, path, source }: Pick<CheckedOptions, 'endpoint' | 'path' | 'source'>,
): Transport {
  let isExplained = false

  return {
    canOutlive: false,
    send: (data, { device }) =>
      new Promise((resolve) => {
        const options: RequestOptions = {
          url: `${endpoint}${path}?source=${encodeURIComponent(source)}&d=${device.slice(0, 2)}`,
          method: 'POST',
          data,
          [headers]: { 'content-type': 'text/plain;charset=UTF-8' },
          // Of the answer: a text, that nobody has parsed.
          dataType: 'text',
          timeout: TIMEOUT_MS,
          success(result) {
            const body = result['data']
            resolve({
              status: Number(result[status]) || 0,
              body: typeof body === 'string' ? body : JSON.stringify(body),
              retryAfterMs: readRetryAfter(result[headers]),
            })
          },
          fail(failure) {
            const words = wordsOf(failure)
            const outcome: Outcome = { status: 0 }
            // One that the host interrupts, five seconds after the app was hidden, may have arrived, and is told of when
            // the app is shown: it goes again like any other, and its uuids make that harmless.
            if (/domain|域名/.test(words) && !isExplained) {
              isExplained = true
              outcome.words = UNLISTED
            }
            resolve(outcome)
          },
        }
        try {
          api.request(options)
        } catch {
          resolve({ status: 0 })
        }
      }),
  }
}

/** Seconds or a date as ms from now, up to 5 minutes; 0 for what is neither, past, or not there. Hosts differ in the name's case. */
function readRetryAfter(headers: unknown): number {
  const known = (headers || {}) as Record<string, string>
  const name = Object.keys(known).find((key) => key.toLowerCase() === 'retry-after')
  const text = name && known[name]
  const waitMs = text ? Number(text) * 1000 || Date.parse(text) - Date.now() : 0
  return waitMs > 0 ? Math.min(waitMs, MAX_RETRY_AFTER_MS) : 0
}
