import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Hono } from 'hono'
import { listen } from './listen.ts'
import { STORAGE_FAULTS, type StorageFault } from './storage-faults.ts'

const SCRIPT = resolve(import.meta.dirname, '../../packages/tracker/dist/warren.js')

export interface ShopOptions {
  /** The collector, or a line to it. */
  endpoint: string
  source: string
  fault?: StorageFault | undefined
}

export interface EngineSite {
  /** A page with the built script's tag, behind a watch that hears every error and every call of the console. */
  shop(options: ShopOptions): string
  /** A page with nothing of ours. */
  elsewhere: string
  /** What the shops of a source had to complain of, in their visitors' browsers. */
  complaints(source: string): string[]
  close(): Promise<void>
}

/** A customer's pages, on an origin of their own; they live on when the line to the collector does not. */
export async function engineSite(): Promise<EngineSite> {
  const complaints: { source: string; text: string }[] = []
  const app = new Hono()
  app.get('/warren.js', (c) => c.body(readFileSync(SCRIPT, 'utf8'), 200, { 'content-type': 'text/javascript' }))
  app.get('/elsewhere', (c) => c.html('<!doctype html><title>elsewhere</title>'))
  app.post('/complaints', async (c) => {
    complaints.push({ source: c.req.query('source') ?? '', text: await c.req.text() })
    return c.body(null, 204)
  })
  app.get('/shop', (c) => {
    const { endpoint, source, fault } = c.req.query()
    const patch = fault === undefined ? '' : `(${STORAGE_FAULTS[fault as StorageFault]})()`
    return c.html(`<!doctype html><title>shop</title>
      <script>(${watch})('/complaints?source=${source}')</script>
      <script>${patch}</script>
      <script src="/warren.js" data-endpoint="${endpoint}" data-source="${source}"></script>`)
  })
  const { url, close } = await listen(app.fetch)
  return {
    shop: ({ endpoint, source, fault }) =>
      `${url}/shop?${new URLSearchParams({ endpoint, source, ...(fault === undefined ? {} : { fault }) })}`,
    elsewhere: `${url}/elsewhere`,
    complaints: (source) => complaints.filter((complaint) => complaint.source === source).map(({ text }) => text),
    close,
  }
}

/** Runs in the page, before any other script. */
function watch(address: string): void {
  const complain = (text: string) => navigator.sendBeacon(address, text)
  addEventListener('error', ({ message }) => complain(`error: ${message}`))
  addEventListener('unhandledrejection', ({ reason }) => complain(`unhandled rejection: ${reason}`))
  for (const name of ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const)
    console[name] = (...words: unknown[]) => complain(`console.${name}: ${words.join(' ')}`)
}
