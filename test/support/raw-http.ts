import { connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'

/** HTTP/1.1 as bytes on a socket: for requests that no client would send, and answers as they really came. */

/** An answer, taken out of its framing. */
export interface RawAnswer {
  status: number
  /** By their names in lower case; one that came twice has both values, as `one | other`. */
  headers: Record<string, string>
  body: string
  /** A `100 Continue` came before it. */
  isContinued: boolean
}

/** One connection, seen from the client. */
export interface RawLine {
  /** Resolves when the system has the bytes, and what was behind them on this thread has had its turn. */
  write(bytes: string | Uint8Array): Promise<void>
  /** The next answer; undefined where the connection ends without one. */
  next(method?: string): Promise<RawAnswer | undefined>
  /** Sends no more, and still reads. */
  end(): void
  /** Is gone: what comes is answered by a reset. */
  reset(): void
}

/** Opens a connection for what `talk` has to say, and destroys it afterwards. */
export async function dial<Result>(url: string, talk: (line: RawLine) => Promise<Result>): Promise<Result> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true, allowHalfOpen: true })
  try {
    return await talk(lineOf(socket))
  } finally {
    socket.destroy()
  }
}

function lineOf(socket: Socket): RawLine {
  let received = Buffer.alloc(0)
  let isOver = false
  let wake = () => {}
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    wake()
  })
  for (const event of ['end', 'error', 'close']) {
    socket.on(event, () => {
      isOver = true
      wake()
    })
  }

  return {
    async write(bytes) {
      await new Promise<void>((resolve) => {
        if (socket.destroyed || !socket.writable) return resolve()
        // A server that has heard enough may have closed: what it said before is read all the same.
        socket.write(bytes, () => resolve())
      })
      await setImmediate()
    },
    async next(method = '') {
      let isContinued = false
      for (;;) {
        const found = readAnswer(received, method === 'HEAD', isOver)
        if (found) {
          received = received.subarray(found.bytes)
          if (found.answer.status !== 100) return { ...found.answer, isContinued }
          isContinued = true
          continue
        }
        if (isOver) return undefined
        await new Promise<void>((resolve) => (wake = resolve))
      }
    },
    end: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
  }
}

type Answer = Omit<RawAnswer, 'isContinued'>

/** The first answer in these bytes and its length; undefined while it is not whole. */
function readAnswer(received: Buffer, isHead: boolean, isOver: boolean): { answer: Answer; bytes: number } | undefined {
  const headEnd = received.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [first = '', ...lines] = received.toString('latin1', 0, headEnd).split('\r\n')
  const status = Number(/^HTTP\/1\.[01] (\d{3})( |$)/.exec(first)?.[1])
  if (!status) throw new Error(`not an answer: ${JSON.stringify(first)}`)
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    headers[name] = headers[name] === undefined ? value : `${headers[name]} | ${value}`
  }
  const start = headEnd + 4
  const body =
    isHead || status < 200 || status === 204 || status === 304 ? none : readBody(received, start, headers, isOver)
  return body && { answer: { status, headers, body: body.text }, bytes: start + body.bytes }
}

interface Body {
  text: string
  bytes: number
}
const none: Body = { text: '', bytes: 0 }

function readBody(received: Buffer, start: number, headers: Record<string, string>, isOver: boolean): Body | undefined {
  if (headers['transfer-encoding'] === 'chunked') return readChunks(received, start)
  const length = headers['content-length']
  const bytes = length === undefined ? received.length - start : Number(length)
  const isWhole = length === undefined ? isOver : received.length >= start + bytes
  return isWhole ? { text: received.toString('utf8', start, start + bytes), bytes } : undefined
}

function readChunks(received: Buffer, start: number): Body | undefined {
  const chunks: Buffer[] = []
  for (let at = start; ;) {
    const lineEnd = received.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(received.toString('latin1', at, lineEnd), 16)
    const end = lineEnd + 2 + size
    if (received.length < end + 2) return undefined
    if (size === 0) return { text: Buffer.concat(chunks).toString(), bytes: end + 2 - start }
    chunks.push(received.subarray(lineEnd + 2, end))
    at = end + 2
  }
}
