import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { createRabbitpreClient } from './client.ts'
import { UNMATCHED } from './map-event.ts'
import { fixedToken } from './token-source.ts'

/*
 * A POST on a reused socket that dies before an answer may have been taken. `fetch` repeats none (a repeat here would be
 * one that nobody counts), so it must come out as in doubt: the forwarder sends the same uuids again, and counts it.
 */

const REQUEST = { publicParams: UNMATCHED, data: [{ uuid: 'a', eventKey: 'c_buy' }] }
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"code":"200"}'

const closing: (() => void)[] = []
afterEach(() => closing.splice(0).forEach((close) => close()))

/** A server that answers the first request on each socket, and does as told with the second. */
async function idleServer(onSecond: (socket: Socket) => void) {
  const sockets: Socket[] = []
  /** Requests on each socket, in the order in which they were opened. */
  const requests: number[] = []
  const server = createServer((socket) => {
    const index = sockets.push(socket) - 1
    let seen = 0
    // A request's body ends where its brackets do.
    socket.on('data', (chunk) => {
      if (!chunk.toString().endsWith('}]}')) return
      requests[index] = ++seen
      if (seen === 1) socket.write(ANSWER)
      else onSecond(socket)
    })
    socket.on('error', () => socket.destroy())
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  closing.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = createRabbitpreClient({ token: fixedToken('tok'), baseUrl, timeoutMs: 300 })
  return {
    sockets,
    requests,
    async batchAdd() {
      const outcome = await client.batchAdd(REQUEST)
      // A socket is free to be used again in the turn of the loop after its answer.
      await new Promise(setImmediate)
      return outcome
    },
  }
}

it.each<[string, (socket: Socket) => void]>([
  ['reset', (socket) => void socket.resetAndDestroy()],
  ['closed', (socket) => void socket.destroy()],
  ['half-closed', (socket) => void socket.end()],
  ['silent', () => {}],
])('a reused socket found %s is in doubt, and the next call takes a fresh one', async (_, onSecond) => {
  const { requests, batchAdd } = await idleServer(onSecond)
  expect(await batchAdd()).toEqual({ kind: 'delivered' })
  expect(await batchAdd()).toMatchObject({ kind: 'unavailable', isInDoubt: true })
  expect(requests[0]).toBe(2)
  expect(await batchAdd()).toEqual({ kind: 'delivered' })
  expect(requests[0]).toBe(2)
})

it('a socket that was closed while idle is not used again', async () => {
  const { sockets, batchAdd } = await idleServer(() => {})
  expect(await batchAdd()).toEqual({ kind: 'delivered' })
  const [idle] = sockets
  const closed = new Promise((resolve) => idle?.once('close', resolve))
  idle?.end()
  await closed
  expect(await batchAdd()).toEqual({ kind: 'delivered' })
  expect(sockets).toHaveLength(2)
})
