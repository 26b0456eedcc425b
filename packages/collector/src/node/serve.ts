import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import { serve as serveNode } from '@hono/node-server'
import { createCollector } from '../app.ts'
import type { ServedScript } from '../collector-options.ts'
import { tokenCalls } from '../direct/token-calls.ts'
import { immutablePath } from '../script-routes.ts'
import { readAdminToken } from '../settings/admin-token.ts'
import type { Environment } from '../settings/environment.ts'
import { openDestinations } from '../settings/open-destinations.ts'
import { readSources } from '../settings/read-sources.ts'
import { SettingsError } from '../settings/settings-error.ts'
import { configuredSources, OPEN_SOURCE_RULES, openSource, type FindSource, type SourceRules } from '../sources.ts'
import { openCredentials } from './credentials.ts'
import type { Delivery } from './delivery.ts'
import { directDelivery } from './direct-delivery.ts'
import { queuedDelivery } from './queued-delivery.ts'
import { readSecret, type Settings } from './settings.ts'
import { nodeTelemetry, type NodeTelemetry } from './telemetry.ts'
import { upstreamFetch } from './upstream-fetch.ts'

export interface Running {
  /** `http://host:port`, with the port that was really taken. */
  url: string
  /** Takes no new connections and begins no calls; answers what is in hand, ends calls in flight, closes the queue. */
  stop(): Promise<void>
  /** Looks at the files of credentials now; what a changed one halted is probed at once. */
  look(): Promise<void>
}

export interface ServeOptions {
  settings: Settings
  environment: Environment
  /** Told in the log with the addresses and hashes that their tags may name. */
  scripts?: readonly ServedScript[]
  telemetry?: NodeTelemetry
}

/** The collector on Node: the composition root, where the app and what stands behind it meet. */
export async function startCollector(options: ServeOptions): Promise<Running> {
  const { settings, environment, scripts = [] } = options
  const telemetry = options.telemetry ?? nodeTelemetry()
  const { config } = settings

  const { findSource, rulesOf } = findSources(settings, environment)
  const adminToken = readAdminToken(environment)
  const send = upstreamFetch()
  const calls = tokenCalls(send)
  const credentials = await openCredentials(settings, environment, {
    telemetry,
    onChange: (name) => delivery.credentialsChanged(name),
    fetch: calls.fetch,
  })
  const delivery = await openDelivery().catch((error: unknown) => {
    credentials.stop()
    throw error
  })
  const { dead } = delivery
  const admin = adminToken !== undefined && dead ? { token: adminToken, dead, rulesOf } : undefined
  if (adminToken !== undefined && !admin) {
    telemetry.log('warn', 'WARREN_ADMIN_TOKEN opens nothing here: without a queue there are no dead letters')
  }
  let isStopping = false
  const app = createCollector({
    findSource,
    destinations: new Map(Object.entries(config.destinations).map(([name, { publicParams }]) => [name, publicParams])),
    sink: delivery.sink,
    telemetry,
    onEnqueued: delivery.onEnqueued,
    lanes: delivery.lanes,
    isStopping: () => isStopping,
    batchPaths: config.batchPaths,
    scripts,
    ...(admin ? { admin } : {}),
  })
  app.get('/metrics', async (c) => c.body(await telemetry.metrics(), 200, { 'content-type': telemetry.contentType }))

  const fetch = async (request: Request) => {
    const response = await app.fetch(request)
    // While stopping, every connection ends with the answer it waits for.
    if (isStopping) response.headers.set('connection', 'close')
    return response
  }
  const server = await listen(fetch, settings, telemetry).catch(async (error: unknown) => {
    credentials.stop()
    await delivery.close()
    throw error
  })
  const { address, port } = server.address() as AddressInfo
  const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}`
  telemetry.log('info', 'the collector listens', { url, queue: settings.queue.kind, admin: admin !== undefined })
  for (const script of scripts) {
    const { integrity } = script
    telemetry.log('info', 'a script for pages', { src: `${url}${immutablePath(script)}`, integrity })
  }
  if (settings.isOpen) {
    telemetry.log('warn', 'no sources are configured: one open source takes events from anyone on this machine')
  }
  delivery.start()

  let stopped: Promise<void> | undefined
  async function stop(): Promise<void> {
    isStopping = true
    telemetry.log('info', 'stopping')
    credentials.stop()
    await Promise.all([closeServer(server, delivery.stopGraceMs), delivery.stop()])
    await delivery.close()
    telemetry.log('info', 'stopped')
  }
  return { url, stop: () => (stopped ??= stop()), look: () => credentials.look() }

  async function openDelivery(): Promise<Delivery> {
    const own = send ? { fetch: send } : {}
    const tokens = credentials.sources
    const { queue } = settings
    if (queue.kind === 'none') return directDelivery({ config, tokens, tokenCalls: calls, telemetry, ...own })
    return queuedDelivery({ config, queue }, openDestinations(config, tokens, own), telemetry)
  }
}

/** Who may send; and the rules of each source by its id alone, for what has been taken from it. */
function findSources(
  { isOpen, config }: Settings,
  environment: Environment,
): { findSource: FindSource; rulesOf: (id: string) => SourceRules | undefined } {
  if (isOpen) return { findSource: openSource, rulesOf: () => OPEN_SOURCE_RULES }
  const sources = readSources(config, (reference, where) => readSecret(reference, environment, where))
  return { findSource: configuredSources(sources), rulesOf: (id) => sources.get(id) }
}

function listen(
  fetch: (request: Request) => Promise<Response>,
  { port, host }: Settings,
  telemetry: NodeTelemetry,
): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = serveNode({ fetch, port, hostname: host }, () => resolve(server)) as Server
    server.on('error', (error: NodeJS.ErrnoException) => {
      // Once it listens: a connection that could not be taken, for want of descriptors. The next one may fare better.
      if (server.listening) return telemetry.log('error', 'the server failed', { error: String(error.code) })
      reject(
        new SettingsError(
          error.code === 'EADDRINUSE'
            ? `--port/PORT: port ${port} on ${host} is taken: give another with --port`
            : `--host/HOST: ${error.code}: cannot listen on ${host}, port ${port}`,
        ),
      )
    })
  })
}

/** Takes no more connections; ends idle ones at once, and busy ones with their answers or after a grace. */
function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const sweep = setInterval(() => server.closeIdleConnections(), 50)
    const cut = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearInterval(sweep)
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })
}
