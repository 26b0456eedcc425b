import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Hono } from 'hono'
import { listen } from '../support/listen.ts'
import { STORAGE_FAULTS } from '../support/storage-faults.ts'
import type { PlannedPage } from './tracker-plan.ts'
import { listenToTracker, watchPage } from './tracker-page.ts'

const SCRIPT = resolve(import.meta.dirname, '../../packages/tracker/dist/warren.js')

export interface SoakSite {
  /** A page with the built script's tag. */
  shop(endpoint: string, source: string, page: PlannedPage): string
  /** A page of the same origin without it. */
  outlook: string
  close(): Promise<void>
}

/** A customer's pages, on an origin of their own. */
export async function soakSite(): Promise<SoakSite> {
  const script = readFileSync(SCRIPT, 'utf8')
  const app = new Hono()
  app.get('/warren.js', (c) => c.body(script, 200, { 'content-type': 'text/javascript' }))
  app.get('/favicon.ico', (c) => c.body(null, 204))
  app.get('/outlook', (c) => c.html('<!doctype html><title>outlook</title>'))
  app.get('/shop', (c) => {
    const { endpoint, source, page } = c.req.query()
    const { life, fault, consent, intervalMs, maxEvents, isHolding } = JSON.parse(page ?? '') as PlannedPage
    const data = {
      endpoint,
      source,
      consent,
      'interval-ms': intervalMs,
      ...(maxEvents === undefined ? {} : { 'max-events': maxEvents }),
      ...(isHolding ? { 'identity-policy': 'hold' } : {}),
    }
    const attributes = Object.entries(data).map(([name, value]) => `data-${name}="${value}"`)
    return c.html(`<!doctype html><title>shop</title>
      <script>(${watchPage})('${source}.${life}')</script>
      <script>${fault === undefined ? '' : `(${STORAGE_FAULTS[fault]})()`}</script>
      <script src="/warren.js" ${attributes.join(' ')}></script>
      <script>(${listenToTracker})()</script>`)
  })
  const { url, close } = await listen(app.fetch)
  return {
    shop: (endpoint, source, page) =>
      `${url}/shop?${new URLSearchParams({ endpoint, source, page: JSON.stringify(page) })}`,
    outlook: `${url}/outlook`,
    close,
  }
}
