import { createServer, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * - `well`: every request reaches the server
 * - `unavailable`: 503, as of a balancer without servers
 * - `portal`: 200 with a page to sign in to, as of a hotel's network; readable from any origin, the harder case
 * - `cut`: every connection is reset
 */
export type LineState = 'well' | 'unavailable' | 'portal' | 'cut'

export interface SwitchedLine {
  url: string
  state: LineState
  /** Requests met in each state. */
  met: Record<LineState, number>
  /** Requests that went through to the server, with their bodies. */
  carried: { path: string; body: string }[]
  close(): Promise<void>
}

const READABLE = { 'access-control-allow-origin': '*' }

/** A line to a server, well until its state is set to another. */
export async function switchedLine(targetUrl: string): Promise<SwitchedLine> {
  const { hostname, port } = new URL(targetUrl)
  const server = createServer((incoming, outgoing) => {
    line.met[line.state]++
    switch (line.state) {
      case 'cut':
        incoming.socket.destroy()
        break
      case 'unavailable':
        answer(outgoing, 503, 'no server available')
        break
      case 'portal':
        answer(outgoing, 200, '<!doctype html><title>Sign in</title>')
        break
      case 'well': {
        const { method, url: path = '', headers } = incoming
        let body = ''
        incoming.setEncoding('utf8').on('data', (text: string) => (body += text))
        incoming.on('end', () => line.carried.push({ path, body }))
        const onward = request({ hostname, port, method, path, headers }, (response) => {
          outgoing.writeHead(response.statusCode ?? 502, response.headers)
          response.pipe(outgoing)
        })
        // A page that left does not wait for its answer; a server that ended gives none.
        onward.on('error', () => outgoing.destroy())
        incoming.pipe(onward)
      }
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const line: SwitchedLine = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state: 'well',
    met: { well: 0, unavailable: 0, portal: 0, cut: 0 },
    carried: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return line
}

function answer(outgoing: ServerResponse, status: number, text: string): void {
  outgoing.writeHead(status, { ...READABLE, 'content-type': 'text/html' }).end(text)
}
