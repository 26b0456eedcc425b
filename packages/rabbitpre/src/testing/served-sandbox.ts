import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import type { DeliveredEvent, Fault, SandboxOptions, TokenCallRecord } from '../sandbox/index.ts'
import { createSandbox } from '../sandbox/index.ts'

export interface ServedSandbox {
  baseUrl: string
  script(...faults: Fault[]): Promise<void>
  clearFaults(): Promise<void>
  events(): Promise<{ events: DeliveredEvent[]; total: number; repeats: number }>
  /** What each `batchAdd` was answered. */
  answers(): Promise<string[]>
  tokens(): Promise<{ calls: TokenCallRecord[]; mostInFlight: number }>
  close(): Promise<void>
}

/** The sandbox on a real server: what breaks connections cannot be seen without one. */
export async function serveSandbox(options: SandboxOptions): Promise<ServedSandbox> {
  const app = createSandbox(options)
  const server = await new Promise<Server>((resolve) => {
    const started = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(started as Server))
  })
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('no address')
  const read = async (path: string, init?: RequestInit): Promise<unknown> => {
    const response = await app.request(path, init)
    if (!response.ok) throw new Error(await response.text())
    return response.status === 204 ? undefined : response.json()
  }
  return {
    baseUrl: `http://127.0.0.1:${address.port}`,
    async script(...faults) {
      await read('/_sandbox/faults', { method: 'POST', body: JSON.stringify({ faults }) })
    },
    async clearFaults() {
      await read('/_sandbox/faults', { method: 'DELETE' })
    },
    events: () => read('/_sandbox/events') as ReturnType<ServedSandbox['events']>,
    async answers() {
      const { calls } = (await read('/_sandbox/calls')) as { calls: { answer: string }[] }
      return calls.map(({ answer }) => answer)
    },
    tokens: () => read('/_sandbox/tokens') as ReturnType<ServedSandbox['tokens']>,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
