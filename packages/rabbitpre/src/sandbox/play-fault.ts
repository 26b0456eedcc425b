import type { Context } from 'hono'
import type { ReadyFault } from './faults.ts'

/** What a fault makes of a call. */
export interface Play {
  response: Response
  /** Resolves when the answer has left whole, or never will. */
  ended: Promise<void>
}

/** The call as it would go by itself. */
export interface Ordinary {
  /** Does the work of the call: keeps its events, issues its token. */
  work: () => void
  /** The right answer; after {@link work} where both happen. */
  answer: () => object
}

/** What the sandbox needs of its server to break a connection: Node's, as `@hono/node-server` gives it. */
interface NodeBindings {
  incoming?: { socket: { resetAndDestroy(): void; destroy(): void } }
}

/** Statuses that HTTP allows no body. */
const BODILESS = new Set([204, 205, 304])

const LOGIN_PAGE = '<!doctype html><title>登录</title><form action="/login"><input name="user"></form>'

/** How long the first half of a cut answer has to leave before the connection ends. Milliseconds. */
const CUT_AFTER_MS = 20

/** Plays a fault in place of the ordinary course. */
export async function playFault(fault: ReadyFault, c: Context, { work, answer }: Ordinary): Promise<Play> {
  const whole = (response: Response): Play => ({ response, ended: Promise.resolve() })
  switch (fault.kind) {
    case 'status': {
      if (fault.store) work()
      const body = BODILESS.has(fault.status) ? null : (fault.body ?? null)
      const headers: Record<string, string> = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter }
      return whole(new Response(body, { status: fault.status, headers }))
    }
    case 'slow': {
      if (fault.store === 'before') work()
      const rest = async () => {
        await wait(c, fault.ms)
        if (fault.store === 'after') work()
        return JSON.stringify(answer())
      }
      if (fault.part === 'body') return streamed(c, rest)
      return whole(new Response(await rest(), { headers: JSON_TYPE }))
    }
    case 'reset': {
      if (fault.store) work()
      const socket = socketOf(c)
      if (!socket) throw new Error('a reset needs the sandbox to run on Node’s HTTP server')
      socket.resetAndDestroy()
      // Nobody is left to read it.
      return whole(c.body(null, 500))
    }
    case 'hang':
      if (fault.store) work()
      await wait(c)
      return whole(c.body(null, 500))
    case 'truncated':
      if (fault.store) work()
      return cut(c, JSON.stringify(answer()))
    case 'html':
      if (fault.store) work()
      return whole(c.html(LOGIN_PAGE))
    case 'redirect':
      return whole(c.redirect(fault.location, fault.status))
    case 'limit':
      return whole(c.text('request entity too large', 413))
    case 'refuse':
      if (fault.store) work()
      return whole(c.json({ code: fault.code, errorCode: 'REFUSED', msg: fault.msg }))
  }
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** Headers now, the body when it is there. */
function streamed(c: Context, rest: () => Promise<string>): Play {
  let end: () => void
  const ended = new Promise<void>((resolve) => (end = resolve))
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const text = await rest()
      if (!c.req.raw.signal.aborted) {
        controller.enqueue(new TextEncoder().encode(text))
        controller.close()
      }
      end()
    },
  })
  return { response: new Response(body, { headers: JSON_TYPE }), ended }
}

/** The first half of an answer under headers that promise all of it; then the connection ends. */
function cut(c: Context, text: string): Play {
  const bytes = new TextEncoder().encode(text)
  const socket = socketOf(c)
  let end: () => void
  const ended = new Promise<void>((resolve) => (end = resolve))
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(bytes.slice(0, Math.ceil(bytes.length / 2)))
      await wait(c, CUT_AFTER_MS)
      if (socket) socket.destroy()
      else controller.error(new Error('cut by script'))
      end()
    },
  })
  const headers = { ...JSON_TYPE, 'content-length': String(bytes.length) }
  return { response: new Response(body, { headers }), ended }
}

/** A caller that is gone waits no longer, and neither does a sandbox that is told to stop. Without `ms`: for ever. */
async function wait(c: Context, ms?: number): Promise<void> {
  const { signal } = c.req.raw
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()))
  })
}

function socketOf(c: Context): NonNullable<NodeBindings['incoming']>['socket'] | undefined {
  return (c.env as NodeBindings | undefined)?.incoming?.socket
}
