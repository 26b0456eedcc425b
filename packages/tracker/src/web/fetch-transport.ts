import { parseRetryAfter } from '@warren/protocol/pacing'
import type { Outcome, Transport } from '../core/platform.ts'

/** A request without an answer after this is given up; slow networks answer a 240 KiB batch well within it. */
const TIMEOUT_MS = 30_000

const UNREACHABLE: Outcome = { kind: 'unreachable' }

/**
 * Posts text to the collector: a CORS-simple request, so that no preflight precedes it. At exit by fetch with
 * `keepalive`, whose answer still counts if the page lives on; by beacon where there is no such fetch.
 */
export function fetchTransport(endpoint: string, source: string): Transport {
  // Taken once: what the page wraps later does not see our requests.
  const { fetch, Request, AbortController } = window
  const canKeepAlive = Request && 'keepalive' in Request.prototype

  /** Throws where fetch does, at once; rejects where there is no answer. */
  function post(url: string, body: string, keepalive: boolean, signal: AbortSignal | null): Promise<Outcome> {
    return fetch(url, { method: 'POST', body, credentials: 'omit', keepalive, signal }).then(async (response) => ({
      kind: 'answer',
      status: response.status,
      retryAfterMs: parseRetryAfter(response.headers.get('retry-after'), Date.now()),
      // Read always: an unread body holds on to the page's keepalive quota.
      body: await response.text(),
    }))
  }

  function beacon(url: string, body: string): Outcome {
    try {
      return navigator.sendBeacon(url, body) ? { kind: 'inDoubt' } : UNREACHABLE
    } catch {
      return UNREACHABLE
    }
  }

  return {
    send: (body, { device, isExit }) =>
      new Promise((resolve) => {
        const url = `${endpoint}/v1/batch?source=${encodeURIComponent(source)}&d=${encodeURIComponent(device.slice(0, 2))}`
        if (isExit && !canKeepAlive) {
          resolve(beacon(url, body))
          return
        }
        // Old engines cannot abort: what they give up may still arrive, as a repeat.
        const controller = AbortController && new AbortController()
        const timer = setTimeout(() => {
          resolve(UNREACHABLE)
          if (controller) controller.abort()
        }, TIMEOUT_MS)
        try {
          void post(url, body, isExit, controller ? controller.signal : null)
            .then(resolve, () => resolve(UNREACHABLE))
            .then(() => clearTimeout(timer))
        } catch {
          clearTimeout(timer)
          resolve(isExit ? beacon(url, body) : UNREACHABLE)
        }
      }),
  }
}
