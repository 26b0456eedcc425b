import { Hono, type MiddlewareHandler } from 'hono'
import { bearerAuth } from 'hono/bearer-auth'
import { secureHeaders } from 'hono/secure-headers'
import type { AdminOptions, CollectorOptions } from '../collector-options.ts'
import { problemResponse } from '../problem.ts'
import { deadRoutes } from './dead-routes.ts'

export type AdminAppOptions = AdminOptions & Pick<CollectorOptions, 'destinations' | 'telemetry' | 'onEnqueued'>

const noStore: MiddlewareHandler = async (c, next) => {
  await next()
  c.res.headers.set('cache-control', 'no-store')
}

/**
 * The operator's interface, to be mounted at `/admin`. Every request carries the admin token, every answer is for its
 * own origin alone and is kept by no cache; what it does not know it answers itself, with 404.
 */
export function adminApp(options: AdminAppOptions): Hono {
  const app = new Hono()
  const refusal = { message: () => problemResponse(401, 'authorization: must be "Bearer <the admin token>"') }
  app.use(
    '*',
    secureHeaders({ strictTransportSecurity: false }),
    noStore,
    bearerAuth({
      token: options.token,
      noAuthenticationHeader: refusal,
      invalidAuthenticationHeader: refusal,
      invalidToken: refusal,
    }),
  )
  app.route('/dead', deadRoutes(options))
  app.all('*', () => problemResponse(404, 'there is nothing here; dead letters are at GET /admin/dead'))
  return app
}
