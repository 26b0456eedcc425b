import type { CDPSession, Page } from 'puppeteer-core'
import { rest, untilArrived, type Arrived } from './tracker-arrival.ts'
import type { Contender } from './tracker-contenders.ts'
import { BURST_EVENTS, scheduleBurst } from './tracker-host.ts'

export interface Burst extends Arrived {
  /** What the main thread worked for it beyond what it works on the same page at rest, in ms. */
  workMs: number
}

/** What the page works at rest is measured so long, in ms. */
const REST_MS = 1000

/** The main thread's work for 1,000 events in one task, until all are answered and removed from the device. */
export async function burstOf(page: Page, { arrived }: Contender): Promise<Burst> {
  const cdp = await page.createCDPSession()
  await cdp.send('Performance.enable')
  const before = await untilArrived(arrived, 0)
  const start = await workOf(cdp)
  await rest(REST_MS)
  const from = await workOf(cdp)
  await scheduleBurst(page)
  const { events, requests } = await untilArrived(arrived, before.events + BURST_EVENTS)
  const to = await workOf(cdp)
  const partAtRest = (from.workMs - start.workMs) / (from.at - start.at)
  return {
    workMs: to.workMs - from.workMs - partAtRest * (to.at - from.at),
    events: events - before.events,
    requests: requests - before.requests,
  }
}

/** All that the main thread has worked, and when, both in ms. */
async function workOf(cdp: CDPSession): Promise<{ workMs: number; at: number }> {
  const { metrics } = await cdp.send('Performance.getMetrics')
  const msOf = (name: string): number => (metrics.find((metric) => metric.name === name)?.value ?? NaN) * 1000
  return { workMs: msOf('TaskDuration'), at: msOf('Timestamp') }
}
