import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { problemResponse } from '../problem.ts'
import { SettingsError } from '../settings/settings-error.ts'
import type { Telemetry } from '../telemetry.ts'

/** Somebody must set something first. */
const RETRY_AFTER_MS = 60_000

/**
 * What stands in a collector's place where its settings are wrong: alive, and for everything else a 503 that says what
 * to set, so that trackers keep their events. A mistake in the settings names keys and never a secret's value; what
 * else went wrong is for the log alone.
 */
export function refusingApp(error: unknown, log: Telemetry['log']): Hono {
  const isSetting = error instanceof SettingsError
  const words = error instanceof Error ? error.message : String(error)
  log('error', 'the collector cannot start', { error: words })
  const app = new Hono()
  app.use('*', cors({ origin: '*', exposeHeaders: ['Retry-After'] }))
  app.get('/healthz', (c) => c.json({ status: 'alive' }))
  app.all('*', () =>
    problemResponse(
      503,
      isSetting ? `the collector is not set up: ${words}` : 'the collector cannot start: its log says why',
      RETRY_AFTER_MS,
    ),
  )
  return app
}
