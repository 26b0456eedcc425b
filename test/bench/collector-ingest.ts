import { freshFolder } from '../support/processes.ts'
import { counter } from '../support/metrics.ts'
import type { LoadResult } from './collector-load.ts'
import { ORIGIN, SOURCE, startBaseline, startBenchCollector, startLoad } from './collector-servers.ts'
import { fillWindow } from './collector-window.ts'
import { median, round, sum } from './statistics.ts'

/** Events a request, and the least that counts as reached. */
const FIGURES = [
  { eventsARequest: 1, budget: 0.75 },
  { eventsARequest: 10, budget: 0.5 },
  { eventsARequest: 50, budget: 0.5 },
] as const

const PAIRS = 5
const CONNECTIONS = 64
const WINDOW_UUIDS = 3_000_000
const REPEATS_PERCENT = 2
const WARM_UP_MS = 1500
const MEASURE_MS = 3000

/**
 * Nothing listens there. The forwarder runs as always and finds its upstream away: on two cores a stand-in that takes
 * the events would take the time of what is measured. What forwarding costs is a figure of its own.
 */
const NO_UPSTREAM = 'http://127.0.0.1:1'

export interface IngestFigure {
  name: string
  /** Durable and deduped ÷ parsed and forgotten, requests a second: the median of the pairs. */
  ratio: number
  /** At least this is within. */
  budget: number
  /** Medians, in events a second: this machine's, and this hour's. */
  eventsASecond: { collector: number; baseline: number }
  runs: number[]
}

/**
 * How fast the collector acknowledges durably and deduped, against a Hono app that parses the same requests and keeps
 * nothing: both load by turns from a third process, over 64 keep-alive connections, with 3 M uuids in the window.
 */
export async function* benchIngest(): AsyncGenerator<IngestFigure> {
  const folder = freshFolder()
  const load = startLoad()
  try {
    const freshWindow = fillWindow(folder.path, SOURCE, WINDOW_UUIDS)
    for (const { eventsARequest, budget } of FIGURES) {
      const collector = await startBenchCollector(freshWindow(), NO_UPSTREAM)
      const baseline = await startBaseline()
      const on = (url: string) =>
        load.run({
          url,
          path: `/v1/batch?source=${SOURCE}&d=V1`,
          origin: ORIGIN,
          connections: CONNECTIONS,
          eventsARequest,
          repeatsPercent: REPEATS_PERCENT,
          warmUpMs: WARM_UP_MS,
          measureMs: MEASURE_MS,
        })
      try {
        const kept: LoadResult[] = []
        const forgotten: LoadResult[] = []
        for (let pair = 0; pair < PAIRS; pair++) {
          forgotten.push(await on(baseline.url))
          kept.push(await on(collector.url))
        }
        await proveKept(collector.url, kept)
        const ratios = kept.map((result, pair) => rate(result) / rate(forgotten[pair]))
        yield {
          name: `durable and deduped acks, ${eventsARequest} events a request`,
          ratio: round(median(ratios)),
          budget,
          eventsASecond: {
            collector: Math.round(median(kept.map(rate)) * eventsARequest),
            baseline: Math.round(median(forgotten.map(rate)) * eventsARequest),
          },
          runs: ratios.map(round),
        }
      } finally {
        await baseline.end()
        await collector.end('SIGKILL')
      }
    }
  } finally {
    await load.end()
    folder.remove()
  }
}

/** A figure counts only if every event was kept once: fresh ones are those whose uuid was new. */
async function proveKept(url: string, results: readonly LoadResult[]): Promise<void> {
  const sent = sum(results.map(({ eventsSent }) => eventsSent))
  const repeated = sum(results.map(({ repeatsSent }) => repeatsSent))
  const counted = async (outcome: string) => counter(url, 'warren_events_total', { source: SOURCE, outcome })
  const fresh = await counted('fresh')
  if (fresh !== sent - repeated || (await counted('repeated')) !== repeated) {
    throw new Error(`of ${sent} events sent, ${repeated} of them repeats, the collector took ${fresh} for fresh`)
  }
}

/** Requests a second. */
function rate(result: LoadResult | undefined): number {
  return result ? (result.requests * 1000) / result.ms : NaN
}
