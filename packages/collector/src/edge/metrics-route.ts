import type { Hono } from 'hono'
import { bearerAuth } from 'hono/bearer-auth'
import { problemResponse } from '../problem.ts'
import { METRICS_CONTENT_TYPE, metricsText } from './metrics-text.ts'
import type { Tally } from './tally.ts'

/** `/metrics`, for who has the admin token alone: an edge's address is open to the world. */
export function addMetrics(app: Hono, look: () => Tally | Promise<Tally>, adminToken: string | undefined): void {
  if (adminToken === undefined) {
    app.get('/metrics', () =>
      problemResponse(
        404,
        'there are no metrics here: set the secret WARREN_ADMIN_TOKEN, and send it as a bearer token',
      ),
    )
    return
  }
  const refusal = { message: () => problemResponse(401, 'authorization: must be "Bearer <the admin token>"') }
  const auth = bearerAuth({
    token: adminToken,
    noAuthenticationHeader: refusal,
    invalidAuthenticationHeader: refusal,
    invalidToken: refusal,
  })
  app.get('/metrics', auth, async (c) =>
    c.body(metricsText(await look()), 200, { 'content-type': METRICS_CONTENT_TYPE, 'cache-control': 'no-store' }),
  )
}
