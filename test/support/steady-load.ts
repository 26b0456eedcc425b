import { post, timeUuid, type LoadShape } from './load.ts'

export interface SteadyLoadOptions extends LoadShape {
  url: string
  eventsASecond: number
  forMs: number
}

/** Requests a second: few enough to cost a small machine little, many enough to be no burst. */
const REQUESTS_A_SECOND = 20

/**
 * Posts events at a steady rate, whatever the answers take, and never more than a second's worth at once; gives the
 * uuids that were acknowledged.
 */
export async function steadyLoad({ url, eventsASecond, forMs, ...shape }: SteadyLoadOptions): Promise<Set<string>> {
  const acknowledged = new Set<string>()
  const underWay = new Set<Promise<void>>()
  const startedAt = Date.now()
  let sent = 0
  for (let elapsedMs = 0; elapsedMs < forMs; elapsedMs = Date.now() - startedAt) {
    const due = Math.floor((elapsedMs * eventsASecond) / 1000) - sent
    if (due > 0 && underWay.size < REQUESTS_A_SECOND) {
      const uuids = Array.from({ length: Math.min(due, 500) }, timeUuid)
      sent += uuids.length
      const request: Promise<void> = post(url, uuids, shape).then((taken) => {
        for (const uuid of taken) acknowledged.add(uuid)
        underWay.delete(request)
      })
      underWay.add(request)
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 / REQUESTS_A_SECOND))
  }
  await Promise.all(underWay)
  return acknowledged
}
