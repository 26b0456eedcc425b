import type { Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { serve } from '@hono/node-server'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSource } from './sources.ts'
import { appStage, batch, event } from './testing/app-stage.ts'

const JSON_TYPE = 'application/json'
const stage = appStage()
const { collector } = stage

describe('on real sockets', () => {
  let server: Server
  let port: number
  const sockets: Socket[] = []
  beforeEach(async () => {
    const app = collector({ findSource: openSource })
    await new Promise<void>((resolve) => {
      server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1', overrideGlobalObjects: false }, () =>
        resolve(),
      ) as Server
    })
    port = (server.address() as AddressInfo).port
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  /** Opens a connection, lets `talk` write, and gives all that comes back until it ends. */
  function dial(talk: (socket: Socket) => void): Promise<string> {
    return new Promise((resolve) => {
      let text = ''
      const socket = connect({ port, host: '127.0.0.1' }, () => talk(socket))
      sockets.push(socket)
      socket.on('data', (chunk) => (text += chunk.toString()))
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(text))
    })
  }
  const head = (body: string | Buffer, extra = '') =>
    `POST /v1/batch?source=x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${JSON_TYPE}\r\n${extra}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`
  const good = (uuid: string) => JSON.stringify(batch([event({ uuid })]))
  async function isWell(uuid: string) {
    const body = good(uuid)
    const answer = await dial((socket) => socket.write(head(body, 'Connection: close\r\n') + body))
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer).toContain('"accepted":1')
  }
  const count = async () => (await stage.queue.lanes())[0]?.events ?? 0

  it.each(['with its end', 'with a reset'])(
    'a client that leaves after its last byte %s has its events kept',
    async (how) => {
      const body = good('gone')
      // In two parts, so that the request is under way when the end comes.
      const closed = dial((socket) => {
        socket.setNoDelay(true)
        socket.write(head(body) + body.slice(0, 10))
        server.once('request', () => {
          if (how === 'with its end') socket.end(body.slice(10))
          else socket.write(body.slice(10), () => setImmediate(() => socket.destroy()))
        })
      })
      await closed
      await expect.poll(count).toBe(1)
      await isWell('next')
    },
  )

  it('a client that leaves in the midst of its body leaves nothing, and harms nobody', async () => {
    const body = good('half')
    for (const extra of ['', 'Transfer-Encoding: chunked\r\n']) {
      await dial((socket) => {
        const text = extra
          ? `POST /v1/batch HTTP/1.1\r\nHost: h\r\n${extra}\r\nff\r\n${body.slice(0, 20)}`
          : head(body) + body.slice(0, 20)
        server.once('request', () => socket.destroy())
        socket.write(text)
      })
    }
    await isWell('next')
    expect(await count()).toBe(1)
  })

  it('a chunked body is taken', async () => {
    const body = good('chunked')
    const answer = await dial((socket) =>
      socket.write(
        `POST /v1/batch HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
      ),
    )
    expect(answer).toContain('"accepted":1')
  })

  it.each([
    ['declared', 'Content-Length: 50000000\r\n', (part: string) => part],
    ['chunked', 'Transfer-Encoding: chunked\r\n', (part: string) => `${part.length.toString(16)}\r\n${part}\r\n`],
  ])(
    'a %s body over the limit is 413, and the answer reaches a client that is still sending',
    async (_, header, frame) => {
      const part = frame('x'.repeat(65_536))
      let sent = 0
      const answer = await dial((socket) => {
        let isAnswered = false
        socket.once('data', () => (isAnswered = true))
        socket.write(`POST /v1/batch HTTP/1.1\r\nHost: h\r\n${header}\r\n`)
        const push = () => {
          if (isAnswered || socket.destroyed) return socket.destroy()
          sent++
          socket.write(part, push)
        }
        push()
      })
      expect(answer).toMatch(/^HTTP\/1\.1 413 /)
      expect(answer.toLowerCase()).toContain('access-control-allow-origin: *')
      expect(sent).toBeGreaterThan(0)
      await isWell('next')
    },
  )

  it.each([
    'Host: ',
    'Host: a/b?c',
    'Host: foo|bar',
    'Host: a b',
    'Host: x:65536',
    'Host: x:1:2',
    'Host: [::1',
    'Host: 兔',
    'Host: x\r\nHost: y',
    'Origin: no host at all',
  ])('%j is answered or closed, and the next request is well', async (line) => {
    const body = good('odd')
    const answer = await dial((socket) => {
      socket.write(
        `POST /v1/batch HTTP/1.1\r\n${line}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      )
    })
    expect(answer).toMatch(/^(HTTP\/1\.1 (200|400) |$)/)
    await isWell('next')
  })

  it.each([
    'GET //v1/batch HTTP/1.1',
    'GET http://elsewhere.example/v1/batch HTTP/1.1',
    'GET http://[bad/healthz HTTP/1.1',
    'GET * HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'GET /v1/batch?source=%ZZ%F0%9F HTTP/1.1',
    'GET /%00/../..//etc HTTP/1.1',
    'GET / HTTP/1.0',
    'CONNECT x:1 HTTP/1.1',
    'TRACE / HTTP/1.1',
    'BREW /pot HTTP/1.1',
    'nonsense',
  ])('%j is answered or closed, and the next request is well', async (line) => {
    const answer = await dial((socket) => {
      socket.write(`${line}\r\nHost: h\r\nConnection: close\r\n\r\n`)
    })
    expect(answer).toMatch(/^(HTTP\/1\.1 [2345]\d\d |$)/)
    await isWell('next')
  })

  it('HTTP/1.0 without a host is answered', async () => {
    const body = good('old')
    const answer = await dial((socket) =>
      socket.write(`POST /v1/batch HTTP/1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
    )
    expect(answer).toMatch(/^HTTP\/1\.1 (200|400) /)
    await isWell('next')
  })
})
