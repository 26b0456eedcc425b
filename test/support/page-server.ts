import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

export interface PageServer {
  url: string
  close(): Promise<void>
}

/** A page of a customer's on an origin of its own, with the script tag as the README shows it. */
export async function startPage(collectorUrl: string, source = 'shop'): Promise<PageServer> {
  const app = new Hono()
  const script = `<script async src="${collectorUrl}/v1/warren.js" data-endpoint="${collectorUrl}" data-source="${source}"></script>`
  app.get('/', (c) => c.html(`<!doctype html><title>shop</title>${script}<button id="buy">buy</button>`))
  app.get('/elsewhere', (c) => c.html('<!doctype html><title>elsewhere</title>'))
  const server = await new Promise<Server>((resolve) => {
    const started = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(started as Server))
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
