import { connect, createServer, type AddressInfo } from 'node:net'

/** A line to a server that is cut once so many bytes of an answer have gone over it. */
export async function cutLine(targetUrl: string, afterBytes: number): Promise<{ url: string; close: () => void }> {
  const { hostname, port } = new URL(targetUrl)
  const server = createServer((client) => {
    const target = connect(Number(port), hostname)
    let left = afterBytes
    for (const socket of [client, target]) {
      // Both ends go with the line.
      socket.on('error', () => socket.destroy())
      socket.on('close', () => [client, target].forEach((end) => end.destroy()))
    }
    client.pipe(target)
    target.on('data', (chunk: Buffer) => {
      client.write(chunk.subarray(0, left), () => left <= 0 && client.destroy())
      left -= chunk.length
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() }
}
