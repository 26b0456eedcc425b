import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Upstream {
  baseUrl: string
  close(): Promise<void>
}

/** A real server on a free port that answers each request, once it is read, as told. `onBody` sees the bodies. */
export async function startUpstream(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  onBody: (chunk: string) => void = () => {},
): Promise<Upstream> {
  const server = createServer((request, response) => {
    request.on('data', (chunk) => onBody(String(chunk)))
    request.on('end', () => handler(request, response))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
