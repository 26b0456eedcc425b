import { serve } from '@hono/node-server'
import { Hono } from 'hono'

/** What the collector is measured against: parses the same batches, checks nothing, keeps nothing. A process of its own. */
const app = new Hono()
app.post('/v1/batch', async (c) => {
  const { events } = await c.req.json<{ events: unknown[] }>()
  return c.json({ v: 1, accepted: events.length, rejected: [], retry: [] })
})
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` }))
})
