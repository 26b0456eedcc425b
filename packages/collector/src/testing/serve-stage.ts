import { mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { afterEach, beforeEach } from 'vitest'
import { createSandbox, type DeliveredEvent, type Fault } from '@warren/rabbitpre/sandbox'
import { startCollector, type Running } from '../node/serve.ts'
import { readSettings, type ServeFlags } from '../node/settings.ts'
import type { Environment } from '../settings/environment.ts'
import { nodeTelemetry } from '../node/telemetry.ts'

const TOKEN = 'tok-hush-0123456789'
export const SOON = { timeout: 10_000, interval: 10 }

/** A sandbox on a port, and collectors in this process that send to it: new for each test of the file. */
export function serveStage() {
  let folder: string
  let sandbox: ReturnType<typeof createSandbox>
  let sandboxServer: Server
  let upstream: string
  const logs: string[] = []
  const running: Running[] = []

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'warren-serve-'))
    logs.length = 0
    sandbox = createSandbox({ token: TOKEN })
    await new Promise<void>((resolve) => {
      sandboxServer = serve({ fetch: sandbox.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve()) as Server
    })
    upstream = `http://127.0.0.1:${(sandboxServer.address() as AddressInfo).port}`
  })
  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop()
    sandboxServer.closeAllConnections()
    await new Promise((resolve) => sandboxServer.close(resolve))
    rmSync(folder, { recursive: true, force: true })
  })

  const sandboxJson = async <Body>(path: string, init?: RequestInit) =>
    (await (await sandbox.request(path, init)).json()) as Body

  return {
    logs,
    get folder() {
      return folder
    },
    async start(flags: ServeFlags = {}, environment: Environment = {}): Promise<Running> {
      const whole = { RABBITPRE_TOKEN: TOKEN, RABBITPRE_BASE_URL: upstream, ...environment }
      const settings = readSettings({ port: '0', db: join(folder, 'warren.db'), ...flags }, whole)
      const telemetry = nodeTelemetry({ destination: { write: (line: string) => void logs.push(line) } })
      const scripts = [{ name: 'warren', text: 'var warren', hash: 'abc', integrity: 'sha384-abc' }]
      const one = await startCollector({ settings, environment: whole, telemetry, scripts })
      running.push(one)
      return one
    },
    delivered: () => sandboxJson<{ events: DeliveredEvent[]; total: number; repeats: number }>('/_sandbox/events'),
    /** Every call to the sandbox, with the number of its events. */
    calls: async () => (await sandboxJson<{ calls: { events: number }[] }>('/_sandbox/calls')).calls,
    script: (...faults: Fault[]) =>
      sandboxJson('/_sandbox/faults', { method: 'POST', body: JSON.stringify({ faults }) }),
    bodyOf: (uuids: string[], identity?: object) =>
      JSON.stringify({
        v: 1,
        events: uuids.map((uuid) => ({ uuid, eventKey: 'c_buy', ...(identity ? { identity } : {}) })),
      }),
    async post(url: string, body: string, headers: Record<string, string> = {}): Promise<number> {
      const response = await fetch(`${url}/v1/batch?source=shop`, { method: 'POST', body, headers })
      await response.text()
      return response.status
    },
  }
}
