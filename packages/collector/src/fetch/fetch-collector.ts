import type { Hono } from 'hono'
import { createCollector } from '../app.ts'
import type { ServedScript } from '../collector-options.ts'
import { directSink } from '../direct/direct-sink.ts'
import type { EdgeStore } from '../direct/edge-store.ts'
import { CALL_TIMEOUT_MS } from '../direct/request-budget.ts'
import { tokenCalls } from '../direct/token-calls.ts'
import { consoleLog } from '../edge/console-log.ts'
import { addMetrics } from '../edge/metrics-route.ts'
import { refusingApp } from '../edge/refusing-app.ts'
import { tallyTelemetry, type TallyTelemetry } from '../edge/tally.ts'
import { readEdgeSettings } from '../settings/edge-settings.ts'
import { openDestinations } from '../settings/open-destinations.ts'
import { configuredSources } from '../sources.ts'
import { edgeTokens } from './edge-tokens.ts'

export interface FetchCollectorOptions {
  /**
   * What `warren serve` reads from variables, files apart: `WARREN_CONFIG` (the JSON itself; sources are a must),
   * `RABBITPRE_APPID` and `RABBITPRE_SECRET`, and the others. Values that are no text, as bindings, are left alone.
   */
  env: Readonly<Record<string, unknown>>
  /** The tracker's scripts, served first-party. Default: none. */
  scripts?: readonly ServedScript[]
  /** What isolates share: for the token, and to know repeats. Default: each isolate knows its own. */
  store?: EdgeStore
  /** Default: one line of JSON an entry on the console, and counters for `/metrics`. */
  telemetry?: TallyTelemetry
  /** What the platform is called by. Default: the global one. */
  fetch?: typeof globalThis.fetch
  /** Milliseconds since 1970; for tests. */
  now?: () => number
}

export interface FetchCollector {
  /**
   * Answers a request; never rejects, and can be handed on by itself.
   * @param context what the runtime hands along: where it has `waitUntil`, a caller that goes away does not end the
   * request in the midst.
   */
  fetch: (request: Request, context?: unknown) => Promise<Response>
}

/**
 * The collector for any runtime with a fetch handler, in direct mode: it keeps nothing, and forwards each batch within
 * its request. Where the settings are wrong, it answers 503 and says what to set.
 */
export function createFetchCollector(options: FetchCollectorOptions): FetchCollector {
  const app = open(options)
  return {
    fetch(request, context) {
      const answer = Promise.resolve(app.fetch(request))
      if (hasWaitUntil(context)) context.waitUntil(answer)
      return answer
    },
  }
}

function open(options: FetchCollectorOptions): Hono {
  const { env, scripts = [], store, telemetry = tallyTelemetry(consoleLog), fetch: send, now } = options
  try {
    const { config, sources, credentials, adminToken } = readEdgeSettings(env)
    const calls = tokenCalls(send)
    const clock = now ? { now } : {}
    const kept = store ? { store } : {}
    const sink = directSink({
      open: (tokens, fetch) => openDestinations(config, tokens, { fetch, timeoutMs: CALL_TIMEOUT_MS }),
      tokens: edgeTokens(credentials, { calls, telemetry, ...kept, ...clock }),
      tokenCalls: calls,
      telemetry,
      ...(send ? { fetch: send } : {}),
      ...kept,
      ...clock,
    })
    const app = createCollector({
      findSource: configuredSources(sources),
      destinations: new Map(Object.entries(config.destinations).map(([name, one]) => [name, one.publicParams])),
      sink,
      telemetry,
      lanes: sink.lanes,
      batchPaths: config.batchPaths,
      scripts,
      ...clock,
    })
    addMetrics(app, telemetry.tally, adminToken)
    return app
  } catch (error) {
    return refusingApp(error, telemetry.log)
  }
}

function hasWaitUntil(context: unknown): context is { waitUntil(promise: Promise<unknown>): void } {
  return (
    typeof context === 'object' && context !== null && 'waitUntil' in context && typeof context.waitUntil === 'function'
  )
}
