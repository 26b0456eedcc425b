import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { SettingsError } from '@warren/collector/node'
import type { Hono } from 'hono'

export interface Listening {
  url: string
  close(): Promise<void>
}

/** Serves an app on loopback; port 0 takes any free one. */
export function listen(app: Pick<Hono, 'fetch'>, port: number): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () => {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      resolve({
        url,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed())
            server.closeAllConnections()
          }),
      })
    }) as Server
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new SettingsError(
          error.code === 'EADDRINUSE' ? `--port: ${port} is taken; give another` : `--port: ${String(error.code)}`,
        ),
      ),
    )
  })
}

/** A port as given on the command line. */
export function readPort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new SettingsError(`--port: ${text} is no port; give a number from 0 (any free one) to 65535`)
}
