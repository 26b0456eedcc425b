import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CLOUDFLARE_WORKER } from '../support/homes/workerd.ts'
import { startWorkerd, type Workerd } from '../support/workerd.ts'
import { ORIGIN, SOURCE, startLoad } from './collector-servers.ts'
import { median, round } from './statistics.ts'

const EVENTS_A_REQUEST = 20
const CONNECTIONS = 16
const ROUNDS = 5
const WARM_UP_MS = 1500
const MEASURE_MS = 3000

/** Of `/proc/<pid>/stat`: USER_HZ, 100 on Linux. */
const TICK_MS = 10

/** Nothing listens there; see `collector-ingest.ts`. */
const NO_UPSTREAM = 'http://127.0.0.1:1'

export interface EdgeFigure {
  name: string
  /** CPU time a request ÷ the same of a Worker with an empty Hono app: the median of the rounds. */
  ratio: number
  /** The same against one that parses the batches and keeps nothing. */
  ratioToParsing: number
  /** Medians: this machine's, and this hour's. */
  cpuMsARequest: { collector: number; parsing: number; empty: number }
  runs: number[]
}

/**
 * What a request of 20 events costs in CPU time on workerd, its queue's object with its commits among it: the time that
 * the whole process has used, of both kinds, over the requests that it has answered. Ours and two others by turns.
 */
export async function* benchEdge(): AsyncGenerator<EdgeFigure> {
  const load = startLoad()
  const workers: Workerd[] = []
  const start = async (entry: string) => {
    const workerd = await startWorkerd({
      entry,
      bindings: {
        RABBITPRE_TOKEN: 'bench',
        RABBITPRE_BASE_URL: NO_UPSTREAM,
        WARREN_CONFIG: { sources: { [SOURCE]: { kind: 'web', origins: [ORIGIN] } } },
      },
      ...(entry === CLOUDFLARE_WORKER
        ? { durableObjects: { WARREN_QUEUES: 'WarrenQueue', WARREN_TOKENS: 'WarrenToken' } }
        : {}),
    })
    workers.push(workerd)
    return workerd
  }

  /** CPU milliseconds a request. */
  async function cost({ url, pid }: Workerd): Promise<number> {
    const order = {
      url,
      path: `/v1/batch?source=${SOURCE}&d=V1`,
      origin: ORIGIN,
      connections: CONNECTIONS,
      eventsARequest: EVENTS_A_REQUEST,
      repeatsPercent: 2,
    }
    await load.run({ ...order, warmUpMs: 0, measureMs: WARM_UP_MS })
    const before = cpuMs(pid())
    const { requests } = await load.run({ ...order, warmUpMs: 0, measureMs: MEASURE_MS })
    return (cpuMs(pid()) - before) / requests
  }

  try {
    const collector = await start(CLOUDFLARE_WORKER)
    const parsing = await start(join(import.meta.dirname, 'workers/parsing.ts'))
    const empty = await start(join(import.meta.dirname, 'workers/empty.ts'))
    const costs = { collector: [] as number[], parsing: [] as number[], empty: [] as number[] }
    for (let n = 0; n < ROUNDS; n++) {
      costs.empty.push(await cost(empty))
      costs.parsing.push(await cost(parsing))
      costs.collector.push(await cost(collector))
    }
    const ratios = costs.collector.map((ms, n) => ms / (costs.empty[n] ?? NaN))
    yield {
      name: `CPU a request on workerd, ${EVENTS_A_REQUEST} events`,
      ratio: round(median(ratios)),
      ratioToParsing: round(median(costs.collector.map((ms, n) => ms / (costs.parsing[n] ?? NaN)))),
      cpuMsARequest: {
        collector: round(median(costs.collector)),
        parsing: round(median(costs.parsing)),
        empty: round(median(costs.empty)),
      },
      runs: ratios.map(round),
    }
  } finally {
    await load.end()
    for (const workerd of workers) await workerd.dispose()
  }
}

/** What a process has used of the processors, for itself and in the kernel. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // Fields 14 and 15; the second, the name, may have anything in it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}
