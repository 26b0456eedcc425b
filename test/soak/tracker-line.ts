import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a line may do to a batch; all but the last four keep it from the collector. */
export const LINE_FAULTS = [
  'status 503',
  'status 503 with retry-after',
  'status 429',
  'status 500',
  'status 400',
  'status 401',
  'status 403',
  'status 404',
  'status 413',
  'status 415',
  /** 200 with a page to sign in to, readable from any origin. */
  'portal',
  /** 200 with an answer that accounts for one event too few. */
  'miscounted',
  /** Every connection is reset. */
  'cut',
  /** No answer until the line changes; then a reset. */
  'hang',
  /** The collector has it; its answer comes to nothing. */
  'answer cut',
  /** The collector has it; of its answer comes a part. */
  'answer truncated',
  /** The collector has half of the events, the others are to come again. */
  'half to retry',
  /** The collector has it, and its answer comes, late. */
  'slow',
] as const
export type LineFault = (typeof LINE_FAULTS)[number]

type StatusFault = Extract<LineFault, `status ${number}`>
const isStatus = (state: LineFault | 'well'): state is StatusFault => /^status \d+$/.test(state)

interface WireEvent {
  uuid: string
  writer: string
  seq: number
  identity?: { openid?: string }
}

/** The body of a request, as a page has sent it. */
export interface WireBody {
  device: string
  writers: { id: string; given: number; dropped: Record<string, number> }[]
  events: WireEvent[]
}

/** A batch that reached the line. */
export interface SeenBatch {
  /** When it was here as a whole. Milliseconds since 1970. */
  at: number
  source: string
  body: WireBody
  state: LineFault | 'well'
}

/** What the collector said of a batch; the page may not have heard it. */
export interface SeenAnswer {
  source: string
  body: WireBody
  /** Of the events, those that the collector has, and will never take. */
  accepted: string[]
  rejected: string[]
}

export interface RecordingLine {
  url: string
  readonly state: LineFault | 'well'
  become(state: LineFault | 'well'): void
  /** Requests met in each state. */
  met: Record<string, number>
  close(): Promise<void>
}

const READABLE = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'Retry-After' }
const SLOW_MS = 400

/** A line to the collector that reads along: the other side of what the pages say of their events. */
export async function recordingLine(
  targetUrl: string,
  onBatch: (batch: SeenBatch) => void,
  onAnswer: (answer: SeenAnswer) => void,
): Promise<RecordingLine> {
  const { hostname, port } = new URL(targetUrl)
  const hanging = new Set<IncomingMessage>()
  let state: LineFault | 'well' = 'well'

  /** The collector's answer; told before the page can hear it. */
  async function forward(path: string, { headers }: IncomingMessage, source: string, body: WireBody) {
    const text = JSON.stringify(body)
    const length = { 'content-length': Buffer.byteLength(text) }
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const onward = request({ hostname, port, method: 'POST', path, headers: { ...headers, ...length } }, resolve)
      onward.on('error', reject)
      onward.end(text)
    })
    const answer = await read(response)
    const status = response.statusCode ?? 502
    if (status === 200) onAnswer({ source, body, ...parseAnswer(answer, body) })
    return { status, text: answer }
  }

  async function meet(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { url: path = '' } = incoming
    const body = JSON.parse(await read(incoming)) as WireBody
    const source = new URL(path, targetUrl).searchParams.get('source') ?? ''
    const now = state
    line.met[now] = (line.met[now] ?? 0) + 1
    onBatch({ at: Date.now(), source, body, state: now })
    const say = (status: number, text: string, more = {}) =>
      void outgoing.writeHead(status, { ...READABLE, 'content-type': 'application/json', ...more }).end(text)
    const pass = async () => {
      const { status, text } = await forward(path, incoming, source, body)
      return () => say(status, text)
    }
    if (isStatus(now)) return say(Number(now.slice('status '.length)), '{}')
    switch (now) {
      case 'well':
        return (await pass())()
      case 'slow': {
        await new Promise((late) => setTimeout(late, SLOW_MS))
        return (await pass())()
      }
      case 'cut':
        return void incoming.socket.destroy()
      case 'hang':
        hanging.add(incoming)
        return
      case 'answer cut':
        await pass()
        return void incoming.socket.destroy()
      case 'answer truncated': {
        const { status, text } = await forward(path, incoming, source, body)
        return say(status, text.slice(0, text.length >> 1))
      }
      case 'half to retry': {
        const kept = body.events.filter((_, index) => index % 2 === 0)
        const retry = body.events.filter((_, index) => index % 2 === 1).map(({ uuid }) => uuid)
        const { status, text } = await forward(path, incoming, source, { ...body, events: kept })
        if (status !== 200) return say(status, text)
        const answer = JSON.parse(text) as { rejected: { index: number }[] }
        const rejected = answer.rejected.map((one) => ({ ...one, index: one.index * 2 }))
        return say(200, JSON.stringify({ ...answer, rejected, retry }))
      }
      case 'portal':
        return say(200, '<!doctype html><title>Sign in</title>', { 'content-type': 'text/html' })
      case 'miscounted':
        return say(200, JSON.stringify({ v: 1, accepted: body.events.length - 1, rejected: [], retry: [] }))
      case 'status 503 with retry-after':
        return say(503, '{}', { 'retry-after': '1' })
    }
  }

  const server = createServer((incoming, outgoing) => {
    // A page that left does not wait for its answer.
    meet(incoming, outgoing).catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const line: RecordingLine = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get state() {
      return state
    },
    become(next) {
      state = next
      for (const incoming of hanging) incoming.socket.destroy()
      hanging.clear()
    },
    met: {},
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return line
}

async function read(stream: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}

function parseAnswer(text: string, { events }: WireBody): { accepted: string[]; rejected: string[] } {
  const answer = JSON.parse(text) as { rejected: { index: number }[]; retry: string[] }
  const refused = new Set(answer.rejected.map(({ index }) => index))
  return {
    rejected: events.filter((_, index) => refused.has(index)).map(({ uuid }) => uuid),
    accepted: events
      .filter(({ uuid }, index) => !refused.has(index) && !answer.retry.includes(uuid))
      .map(({ uuid }) => uuid),
  }
}
