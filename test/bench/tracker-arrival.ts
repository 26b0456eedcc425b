/** What has reached a tracker's endpoint. */
export interface Arrived {
  /** Each counted once. */
  events: number
  requests: number
}

const POLL_MS = 50
/** After the last arrival: its answer is read, and what was stored is removed, in ms. */
const SETTLED_MS = 500
/** No event for so long: the rest will not come, in ms. Some work half a minute before their first request. */
const STALLED_MS = 60_000

/**
 * What has arrived, once that is so much and the page has had time to read the answers, or once no more comes; for 0
 * events: once what earlier pages sent has come and a new page has begun.
 */
export async function untilArrived(arrived: () => Promise<Arrived>, events: number): Promise<Arrived> {
  let last = await arrived()
  let changedAt = Date.now()
  for (;;) {
    await rest(POLL_MS)
    const now = await arrived()
    if (now.events !== last.events || now.requests !== last.requests) changedAt = Date.now()
    last = now
    const enoughMs = now.events >= events ? SETTLED_MS : STALLED_MS
    if (Date.now() - changedAt >= enoughMs) return now
  }
}

/** Here nothing is asked of the page. */
export function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
