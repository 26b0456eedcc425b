import { gzipSync } from 'node:zlib'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cliHomes } from '../support/homes/homes.ts'
import type { RunningHome } from '../support/homes/home.ts'
import { batchOf, post, timeUuid } from '../support/load.ts'
import { freshFolder } from '../support/processes.ts'
import { startSandbox, towards, type TestSandbox } from '../support/sandbox.ts'

/** What comes over real sockets, on every runtime's own HTTP server; in whole for Node in `app.sockets.test.ts`. */
describe.each(cliHomes)('a socket of the collector on $name', (home) => {
  let folder: ReturnType<typeof freshFolder>
  let sandbox: TestSandbox
  let collector: RunningHome
  beforeAll(async () => {
    folder = freshFolder()
    sandbox = await startSandbox()
    collector = await home.start({ folder: folder.path, config: {}, variables: towards(sandbox) })
  })
  afterAll(async () => {
    await collector.kill()
    await sandbox.close()
    folder.remove()
  })

  /** Opens a connection, lets `talk` write, and gives all that comes back until it ends. */
  function dial(talk: (socket: Socket) => void): Promise<string> {
    return new Promise((resolve) => {
      let text = ''
      const socket = connect(Number(new URL(collector.url).port), '127.0.0.1', () => talk(socket))
      socket.on('data', (chunk) => (text += chunk.toString()))
      // Either side may end it; what came until then is looked at.
      socket.on('error', () => socket.destroy())
      socket.on('close', () => resolve(text))
    })
  }
  const good = () => batchOf([timeUuid()])
  const framed = (part: string) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`

  async function isWell(): Promise<void> {
    const uuid = timeUuid()
    expect(await post(collector.url, [uuid])).toEqual([uuid])
  }

  it('takes a chunked body, and a compressed one', async () => {
    const head = 'POST /v1/batch HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n'
    expect(await dial((socket) => socket.write(`${head}${framed(good())}0\r\n\r\n`))).toContain('"accepted":1')
    const body = gzipSync(good())
    const answer = await fetch(`${collector.url}/v1/batch?gz=1`, { method: 'POST', body })
    expect(await answer.json()).toMatchObject({ accepted: 1 })
    const encoded = await fetch(`${collector.url}/v1/batch`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    })
    expect(await encoded.json()).toMatchObject({ accepted: 1 })
  })

  it.each([
    ['declared', 'Content-Length: 50000000\r\n', (part: string) => part],
    ['chunked', 'Transfer-Encoding: chunked\r\n', framed],
  ])('answers 413 to a %s body over the limit, and to a client that is still sending', async (_, header, frame) => {
    const part = frame('x'.repeat(65_536))
    const answer = await dial((socket) => {
      let isAnswered = false
      socket.once('data', () => (isAnswered = true))
      socket.write(`POST /v1/batch HTTP/1.1\r\nHost: h\r\n${header}\r\n`)
      const push = (): void => {
        if (isAnswered || socket.destroyed) socket.destroy()
        else socket.write(part, push)
      }
      push()
    })
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer.toLowerCase()).toContain('access-control-allow-origin: *')
    await isWell()
  })

  it('is harmed by nobody who leaves in the midst of a body', async () => {
    const body = good()
    await dial((socket) =>
      socket.write(
        `POST /v1/batch HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 20)}`,
        () => socket.destroy(),
      ),
    )
    await isWell()
  })

  it.each([
    'Host: ',
    'Host: a/b?c',
    'Host: foo|bar',
    'Host: a b',
    'Host: x:65536',
    'Host: [::1',
    'Host: 兔',
    'Host: x\r\nHost: y',
    'Origin: no host at all',
  ])('answers or closes %j, and is well', async (line) => {
    const body = good()
    const answer = await dial((socket) =>
      socket.write(
        `POST /v1/batch HTTP/1.1\r\n${line}\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      ),
    )
    expect(answer).toMatch(/^(HTTP\/1\.1 (200|400) |$)/)
    await isWell()
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
  ])('answers or closes %j, and is well', async (line) => {
    const answer = await dial((socket) => socket.write(`${line}\r\nHost: h\r\nConnection: close\r\n\r\n`))
    expect(answer).toMatch(/^(HTTP\/1\.[01] [2345]\d\d |$)/)
    await isWell()
  })
})
