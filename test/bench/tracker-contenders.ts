import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { Hono } from 'hono'
import { listen } from '../support/listen.ts'
import { counter } from '../support/metrics.ts'
import { freshFolder, startCli } from '../support/processes.ts'
import { startSandbox, towards } from '../support/sandbox.ts'
import type { Arrived } from './tracker-arrival.ts'
import { bundleOf } from './tracker-bundle.ts'
import { startEndpoint } from './tracker-endpoint.ts'
import { PEERS, type Peer } from './tracker-peers.ts'

/** A tracker to be measured, on a page of its own; what it sends to is on another origin. */
export interface Contender {
  name: string
  version?: string
  /** A page with nothing but the tracker, begun, on the global `bench`: see {@link Bench}. */
  pageUrl: string
  /** Its script's address: a trace tells by it whose work a task is. */
  scriptUrl: string
  /** What a visitor downloads, at brotli's best. */
  brotliBytes: number
  /** What has reached its endpoint since that began. */
  arrived(): Promise<Arrived>
}

/** The global of every page. */
export interface Bench {
  ready: Promise<unknown>
  track(key: string, args: object): void
}

export interface Contenders {
  ours: Contender
  peers: readonly Contender[]
  close(): Promise<void>
}

const OURS = resolve(import.meta.dirname, '../../packages/tracker/dist/warren.js')

/**
 * Ours sends to a real collector, which keeps the events on disk and delivers them; a peer to an endpoint that keeps
 * nothing.
 */
export async function startContenders(): Promise<Contenders> {
  const folder = freshFolder()
  const sandbox = await startSandbox()
  const collector = await startCli(['serve', '--port', '0', '--db', join(folder.path, 'warren.db')], towards(sandbox))
  const site = new Hono()
  const { url: siteUrl, close: closeSite } = await listen(site.fetch)
  const endpoints: { close(): Promise<void> }[] = []

  function addPage(path: string, scriptUrl: string, begin: string): string {
    const scripts = `<script src="${scriptUrl}"></script><script>${begin}</script>`
    site.get(`/${path}`, (c) =>
      c.html(`<!doctype html><title>${path}</title><link rel="icon" href="data:,">${scripts}`),
    )
    return `${siteUrl}/${path}`
  }

  function ours(): Contender {
    const { url } = collector
    const scriptUrl = `${url}/v1/warren.js`
    const begin = `
      warren.init({ endpoint: '${url}', source: 'shop' })
      bench = { ready: Promise.resolve(), track: warren.track }`
    return {
      name: 'warren.js',
      pageUrl: addPage('warren', scriptUrl, begin),
      scriptUrl,
      brotliBytes: brotliBytesOf(readFileSync(OURS)),
      arrived: async () => ({
        events: await counter(url, 'warren_events_total', { outcome: 'fresh' }),
        requests: await counter(url, 'warren_batches_total'),
      }),
    }
  }

  async function theirs(peer: Peer): Promise<Contender> {
    const { name, version, path, imports, begin } = peer
    const code = await bundleOf(name, imports)
    const endpoint = await startEndpoint(peer)
    endpoints.push(endpoint)
    site.get(`/${path}.js`, (c) => c.body(code, 200, { 'content-type': 'text/javascript;charset=utf-8' }))
    const scriptUrl = `${siteUrl}/${path}.js`
    return {
      name,
      version,
      pageUrl: addPage(path, scriptUrl, begin(endpoint.url)),
      scriptUrl,
      brotliBytes: brotliBytesOf(Buffer.from(code)),
      arrived: endpoint.arrived,
    }
  }

  const peers: Contender[] = []
  for (const peer of PEERS) peers.push(await theirs(peer))
  return {
    ours: ours(),
    peers,
    async close() {
      await closeSite()
      for (const endpoint of endpoints) await endpoint.close()
      await collector.end('SIGTERM')
      await sandbox.close()
      folder.remove()
    },
  }
}

/** Node's default quality is the best. */
function brotliBytesOf(code: Buffer): number {
  return brotliCompressSync(code).length
}
