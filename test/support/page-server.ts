import { resolve } from 'node:path'
import { readFileSync } from 'node:fs'
import { Hono } from 'hono'
import { listen, type Listening } from './listen.ts'

/** The ESM build, as a bundler would find it. */
const MODULE = resolve(import.meta.dirname, '../../packages/tracker/dist/index.js')

/**
 * A customer's pages on an origin of their own: `/` has the script tag as the README shows it, `/module` imports the
 * package and calls its tracker `warren` too, `/elsewhere` has nothing of ours.
 */
export async function startPage(collectorUrl: string, source = 'shop'): Promise<Listening> {
  const app = new Hono()
  const script = `<script async src="${collectorUrl}/v1/warren.js" data-endpoint="${collectorUrl}" data-source="${source}"></script>`
  app.get('/', (c) => c.html(`<!doctype html><title>shop</title>${script}<button id="buy">buy</button>`))
  app.get('/tracker.js', (c) => c.body(readFileSync(MODULE, 'utf8'), 200, { 'content-type': 'text/javascript' }))
  app.get('/module', (c) => {
    const options = JSON.stringify({ endpoint: collectorUrl, source })
    const module = `import { createTracker } from '/tracker.js'; globalThis.warren = createTracker(${options})`
    return c.html(`<!doctype html><title>shop</title><script type="module">${module}</script>`)
  })
  app.get('/elsewhere', (c) => c.html('<!doctype html><title>elsewhere</title>'))
  return listen(app.fetch)
}
