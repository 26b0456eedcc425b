import { Hono } from 'hono'

/** The least that a Worker on Hono can do with a batch: reads its bytes, and answers the same to all. */
const app = new Hono()
app.post('/v1/batch', async (c) => {
  // A body that nobody reads costs its client the connection.
  await c.req.arrayBuffer()
  return c.json({ v: 1, accepted: 20, rejected: [], retry: [] })
})

export default app
