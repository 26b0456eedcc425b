import { MAX_RETRY_AFTER_MS } from '@warren/protocol/limits'
import type { CheckedOptions } from '../core/options.ts'
import type { Transport } from '../core/platform.ts'

/** A request without an answer after this is given up; slow networks answer a 240 KiB batch well within it. */
const TIMEOUT_MS = 30_000

/**
 * Posts text to the collector: a CORS-simple request, so that no preflight precedes it. At exit by fetch with
 * `keepalive`, whose answer still counts if the page lives on; by beacon where there is no such fetch.
 */
export function fetchTransport({
  endpoint,
  path,
  source,
  encode,
}: Pick<CheckedOptions, 'endpoint' | 'path' | 'source' | 'encode'>): Transport {
  // Taken once: what the page wraps later does not see our requests.
  const { fetch, Request, AbortController } = window
  const canKeepAlive = Request && 'keepalive' in Request.prototype

  return {
    canOutlive: true,
    async send(body, { device, isExit }) {
      const url = `${endpoint}${path}?source=${encodeURIComponent(source)}&d=${device.slice(0, 2)}`
      // Engines that cannot abort end a request by a time-out of their own.
      const controller = AbortController && new AbortController()
      const timer = setTimeout(() => controller && controller.abort(), TIMEOUT_MS)
      try {
        if (isExit && !canKeepAlive) return { status: 0, isInDoubt: navigator.sendBeacon(url, body) }
        // Undefined is as good as none.
        const signal = controller && controller.signal
        const packed = encode && !isExit && (await encode(body))
        const response = await fetch(packed ? `${url}&gz=1` : url, {
          method: 'POST',
          body: packed || body,
          credentials: 'omit',
          keepalive: isExit,
          signal,
        })
        return {
          status: response.status,
          // Read always: an unread body holds on to the page's keepalive quota.
          body: await response.text(),
          retryAfterMs: readRetryAfter(response.headers.get('retry-after')),
        }
      } catch {
        return { status: 0 }
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

/** Seconds or a date as ms from now, up to 5 minutes; 0 for what is neither, or past. */
function readRetryAfter(header: string | null): number {
  const waitMs = header ? Number(header) * 1000 || Date.parse(header) - Date.now() : 0
  return waitMs > 0 ? Math.min(waitMs, MAX_RETRY_AFTER_MS) : 0
}
