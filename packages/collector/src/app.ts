import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { HTTPException } from 'hono/http-exception'
import { secureHeaders } from 'hono/secure-headers'
import { adminApp } from './admin/admin-app.ts'
import { batchRoute } from './ingest/batch-route.ts'
import type { CollectorOptions } from './collector-options.ts'
import type { LaneReport } from './forward/forwarder.ts'
import { problemOf, problemResponse } from './problem.ts'
import { scriptRoutes } from './script-routes.ts'

/** A day, the most that Firefox keeps a preflight's answer; Chromium keeps two hours. */
const PREFLIGHT_MAX_AGE_S = 86_400

/**
 * The collector as a Hono app: what it takes, it gives to its `sink`. Forwarding from a queue is the forwarder's.
 * Every answer but the operator's carries one `Access-Control-Allow-Origin`, errors too: trackers must be able to read a
 * 413 or a 503.
 */
export function createCollector(options: CollectorOptions): Hono {
  const { sink, telemetry, scripts = [], batchPaths = [] } = options
  const paths = ['/v1/batch', ...batchPaths]
  /** None where they cannot be told: whoever asks whether events can be stored is answered all the same. */
  async function lanes(): Promise<LaneReport[]> {
    try {
      return (await options.lanes?.()) ?? []
    } catch (error) {
      telemetry.log('error', 'the lanes cannot be shown', { error: String(error) })
      return []
    }
  }
  const app = new Hono()

  // Before all middleware: what that adds to answers, this route has written out.
  app.on('POST', paths, batchRoute(options))

  // Before the headers below, which let pages of any origin read an answer: this one is for no other origin.
  if (options.admin) app.route('/admin', adminApp({ ...options, ...options.admin }))

  app.use(
    '*',
    cors({ origin: '*', allowMethods: ['GET', 'POST'], exposeHeaders: ['Retry-After'], maxAge: PREFLIGHT_MAX_AGE_S }),
    // The scripts are for pages of any origin. HSTS is the proxy's that ends TLS: it would bind all of a customer's domain.
    secureHeaders({ crossOriginResourcePolicy: 'cross-origin', strictTransportSecurity: false }),
  )

  const refuse = () => {
    telemetry.count('batches', { source: 'none', status: '405' })
    const response = problemResponse(405, 'batches are sent by POST')
    response.headers.set('allow', 'POST, OPTIONS')
    return response
  }
  for (const path of paths) app.all(path, refuse)

  app.get('/healthz', (c) => c.json({ status: 'alive' }))
  app.get('/readyz', async (c) => {
    if (options.isStopping?.()) return c.json({ status: 'stopping', lanes: await lanes() }, 503)
    try {
      // A commit of nothing: ready means that events can be stored durably, and nothing else. A destination in
      // trouble shows in the body; it must not take the collector out of a load balancer.
      await sink.enqueue('', [], { d: '' })
      return c.json({ status: 'ready', lanes: await lanes() })
    } catch (error) {
      telemetry.log('error', 'the queue cannot commit', { error: String(error) })
      return c.json({ status: 'cannot store', lanes: await lanes() }, 503)
    }
  })

  if (scripts.length > 0) app.route('/', scriptRoutes(scripts))

  app.all('/admin/*', () =>
    problemResponse(
      404,
      'there is no admin interface here: start the collector with WARREN_ADMIN_TOKEN, and with a queue, to have one',
    ),
  )
  app.notFound(() => problemResponse(404, 'there is nothing here; batches go to POST /v1/batch'))
  // Hono's own middleware throws its answers.
  app.onError((error) => (error instanceof HTTPException ? error.getResponse() : problemOf(error, telemetry)))
  return app
}
