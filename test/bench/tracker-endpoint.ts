import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { listen } from '../support/listen.ts'
import type { Arrived } from './tracker-arrival.ts'
import type { Peer } from './tracker-peers.ts'

export interface Endpoint {
  url: string
  arrived(): Promise<Arrived>
  close(): Promise<void>
}

/** How long a browser need not ask again whether it may send, in s: a preflight for each request would be unkind. */
const PREFLIGHT_MAX_AGE_S = 600

/** Where a peer sends: takes everything at once, and counts each event once. */
export async function startEndpoint({ idsOf, answer }: Peer): Promise<Endpoint> {
  const seen = new Set<string>()
  let requests = 0
  const app = new Hono()
  app.use(cors({ origin: (origin) => origin, credentials: true, maxAge: PREFLIGHT_MAX_AGE_S }))
  app.post('*', async (c) => {
    requests++
    const ids = idsOf(await c.req.json<never>())
    for (const id of ids) seen.add(id)
    return c.json(answer(ids.length))
  })
  const { url, close } = await listen(app.fetch)
  return { url, arrived: async () => ({ events: seen.size, requests }), close }
}
