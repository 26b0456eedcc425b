import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface SlowLine {
  url: string
  /** Everything that went over it towards the server, as text. */
  carried(): string
  close(): Promise<void>
}

/** A line to a server on which answers take their time, as they do outside a test machine. */
export async function slowLine(targetUrl: string, answerDelayMs: number): Promise<SlowLine> {
  const { hostname, port } = new URL(targetUrl)
  const sockets = new Set<Socket>()
  let carried = ''
  const server = createServer((client) => {
    const target = connect(Number(port), hostname)
    for (const socket of [client, target]) {
      sockets.add(socket)
      // Either end may be gone at any time; that is what lines are like.
      socket.on('error', () => socket.destroy())
      socket.on('close', () => sockets.delete(socket))
    }
    client.on('data', (chunk) => (carried += chunk.toString('latin1')))
    client.pipe(target)
    target.on('data', (chunk) => setTimeout(() => client.writable && client.write(chunk), answerDelayMs))
    target.on('end', () => setTimeout(() => client.end(), answerDelayMs))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    carried: () => carried,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
