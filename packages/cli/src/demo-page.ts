import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Hono } from 'hono'

/** The page's files, as the build put them beside this one. */
const FOLDER = new URL('./shop/', import.meta.url)

const TYPES: Record<string, string> = { html: 'text/html', css: 'text/css', js: 'text/javascript' }

/** The example shop, with the addresses that its source names replaced by the real ones. */
export async function shopPage(addresses: { collector: string; sandbox: string }): Promise<Hono> {
  const app = new Hono()
  for (const name of ['index.html', 'shop.css', 'shop.js', 'texts.js']) {
    const text = (await readFile(fileURLToPath(new URL(name, FOLDER)), 'utf8'))
      .replaceAll('http://127.0.0.1:8787', addresses.collector)
      .replaceAll('http://127.0.0.1:8788', addresses.sandbox)
    const type = `${TYPES[name.split('.').at(-1) ?? ''] ?? 'text/plain'}; charset=utf-8`
    app.get(name === 'index.html' ? '/' : `/${name}`, (c) => c.body(text, 200, { 'content-type': type }))
  }
  app.get('/favicon.ico', (c) => c.body(null, 204))
  return app
}
