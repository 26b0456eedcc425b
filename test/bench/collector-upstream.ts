import { createServer } from 'node:http'

/** A call as the bench's platform saw it. */
export interface UpstreamCall {
  /** Milliseconds since 1970, with fractions: when it had come whole. */
  at: number
  events: number
  bytes: number
  /** The first event's, where it came alone. */
  uuid?: string
}

/**
 * What the platform is to a bench: it takes every call at once and notes it. No check is made here: the sandbox does
 * that in the tests, and would take the time of what is measured. Below `/gone` there is nothing. A process of its own;
 * asked by message, it gives the calls since it was last asked.
 */
let calls: UpstreamCall[] = []

createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    if (request.url?.startsWith('/gone')) {
      response.writeHead(404).end()
      return
    }
    const body = Buffer.concat(parts)
    const { data } = JSON.parse(body.toString()) as { data: { uuid: string }[] }
    calls.push({
      at: performance.timeOrigin + performance.now(),
      events: data.length,
      bytes: body.byteLength,
      ...(data.length === 1 ? { uuid: data[0]?.uuid ?? '' } : {}),
    })
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end('{"code":"200","errorCode":"SUCCESS","msg":"ok"}')
  })
}).listen(0, '127.0.0.1', function (this: { address(): unknown }) {
  process.send?.({ url: `http://127.0.0.1:${(this.address() as { port: number }).port}` })
})

process.on('message', () => {
  process.send?.({ calls })
  calls = []
})
