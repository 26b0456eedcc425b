import { Hono } from 'hono'

/** What `collector-baseline.ts` is on Node: parses the batches, checks nothing, keeps nothing. */
const app = new Hono()
app.post('/v1/batch', async (c) => {
  const { events } = await c.req.json<{ events: unknown[] }>()
  return c.json({ v: 1, accepted: events.length, rejected: [], retry: [] })
})

export default app
