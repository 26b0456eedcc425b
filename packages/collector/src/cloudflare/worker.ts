import type { Hono } from 'hono'
import { createCollector } from '../app.ts'
import type { ServedScript } from '../collector-options.ts'
import { consoleLog } from '../edge/console-log.ts'
import { addMetrics } from '../edge/metrics-route.ts'
import { refusingApp } from '../edge/refusing-app.ts'
import { addTally, tallyTelemetry, type Tally } from '../edge/tally.ts'
import type { LaneReport } from '../forward/forwarder.ts'
import { GAUGES } from '../metrics.ts'
import { readEdgeSettings, type EdgeSettings } from '../settings/edge-settings.ts'
import { SettingsError } from '../settings/settings-error.ts'
import { configuredSources } from '../sources.ts'
import { objectDeadLetters } from './object-dead-letters.ts'
import type { ObjectNamespace, QueueRpc } from './object-rpc.ts'
import { objectSink, READY_FOR_MS } from './object-sink.ts'
import { remembered } from './remembered.ts'
import { sourceObjects, type SourceObjects } from './source-objects.ts'

/** What the Worker is bound to: its objects, and the variables that `warren serve` reads (see `edge-settings.ts`). */
export interface WorkerBindings {
  /** The class `WarrenQueue`. */
  WARREN_QUEUES: unknown
  /** The class `WarrenToken`. */
  WARREN_TOKENS: unknown
}

export interface CloudflareWorkerOptions {
  /** The tracker's scripts, to be served first-party: those of `@warren/tracker/scripts`. Default: none. */
  scripts?: readonly ServedScript[]
}

export interface CloudflareWorker {
  fetch(request: Request, bindings: WorkerBindings, context: RequestContext): Promise<Response>
}

/** What the runtime gives with each request. */
export interface RequestContext {
  /** Lets this go on where the client has gone. */
  waitUntil(work: Promise<unknown>): void
}

/**
 * The collector as a Worker: it reads and checks, and its queue's objects keep and forward. Bound to nothing usable, it
 * answers 503 and says what to set.
 */
export function cloudflareWorker({ scripts = [] }: CloudflareWorkerOptions = {}): CloudflareWorker {
  // The runtime gives an isolate the same bindings each time.
  const apps = new WeakMap<WorkerBindings, Hono>()

  return {
    async fetch(request, bindings, context) {
      let app = apps.get(bindings)
      if (!app) apps.set(bindings, (app = open(bindings, scripts)))
      const answer = Promise.resolve(app.fetch(request))
      // A page sends its last events and closes: the runtime would end them on their way to the queue.
      context.waitUntil(answer)
      return answer
    },
  }
}

function open(bindings: WorkerBindings, scripts: readonly ServedScript[]): Hono {
  try {
    const settings = readEdgeSettings({ ...bindings })
    return openApp(settings, sourceObjects(settings.config, queuesOf(bindings)), scripts)
  } catch (error) {
    return refusingApp(error, consoleLog)
  }
}

function queuesOf({ WARREN_QUEUES, WARREN_TOKENS }: WorkerBindings): ObjectNamespace<QueueRpc> {
  for (const [name, binding, of] of [
    ['WARREN_QUEUES', WARREN_QUEUES, 'WarrenQueue'],
    ['WARREN_TOKENS', WARREN_TOKENS, 'WarrenToken'],
  ] as const) {
    if (typeof binding === 'object' && binding !== null && 'idFromName' in binding) continue
    throw new SettingsError(`${name}: bind it to the Durable Object class ${of}, as the example's wrangler.jsonc does`)
  }
  return WARREN_QUEUES as ObjectNamespace<QueueRpc>
}

function openApp(
  { config, sources, adminToken }: EdgeSettings,
  objects: SourceObjects,
  scripts: readonly ServedScript[],
): Hono {
  const telemetry = tallyTelemetry(consoleLog)
  const reports = remembered(READY_FOR_MS, () => looks(objects), Date.now)
  const app = createCollector({
    findSource: configuredSources(sources),
    destinations: new Map(Object.entries(config.destinations).map(([name, { publicParams }]) => [name, publicParams])),
    sink: objectSink(objects, telemetry),
    telemetry,
    lanes: async () => mergeLanes((await reports()).flatMap(({ lanes }) => lanes)),
    batchPaths: config.batchPaths,
    scripts,
    ...(adminToken === undefined
      ? {}
      : { admin: { token: adminToken, dead: objectDeadLetters(objects), rulesOf: (id) => sources.get(id) } }),
  })
  addMetrics(app, () => sumUp(objects, telemetry.tally()), adminToken)
  return app
}

const looks = (objects: SourceObjects) => Promise.all(objects.all().map(({ stub }) => stub.look()))

/** What all objects and this isolate have counted. Each look wakes every object. */
async function sumUp(objects: SourceObjects, counted: Tally): Promise<Tally> {
  for (const { tally } of await looks(objects)) addTally(counted, tally)
  for (const series of Object.keys(counted)) {
    if (series.startsWith(GAUGES.halted.name)) counted[series] = Math.min(1, counted[series] ?? 0)
  }
  return counted
}

/** One report a lane, of the object where it is worst, with the events of all. */
function mergeLanes(reports: readonly LaneReport[]): LaneReport[] {
  const WORST: readonly LaneReport['state'][] = ['halted', 'waiting', 'calling', 'idle']
  return [...Map.groupBy(reports, ({ lane }) => lane).values()].flatMap((some) => {
    const [worst] = some.toSorted((one, other) => WORST.indexOf(one.state) - WORST.indexOf(other.state))
    return worst ? [{ ...worst, events: some.reduce((sum, { events }) => sum + events, 0) }] : []
  })
}
