import { Hono, type Context } from 'hono'
import { cors } from 'hono/cors'
import { DEFAULT_BATCH_ADD_PATH } from '../client.ts'
import { batchAddRequestSchema, describeIssue, type BatchAddRequest, type BatchAddResponse } from '../batch-add.ts'
import { deliveries } from './deliveries.ts'
import { faultSchema, faultScript, faultScriptSchema, type Fault } from './faults.ts'

export type { CallRecord, DeliveredEvent } from './deliveries.ts'
export { faultSchema, type Fault }

export interface SandboxOptions {
  /** The token that `X-Token` must carry. */
  token: string
  /** Event parameters that every event must have, as a platform with preset parameters would demand. Default none. */
  requireArgs?: string[]
  /** Default: the contract's path. */
  batchAddPath?: string
}

/** What the sandbox needs of its server to reset a connection: Node's, as `@hono/node-server` gives it. */
interface NodeBindings {
  incoming?: { socket: { resetAndDestroy(): void } }
}

/**
 * A Hono app that plays the platform to the letter of its page: it refuses what the page does not allow and names
 * the field, keeps what it accepts, and plays faults from a script. `/_sandbox/…` shows and steers it.
 */
export function createSandbox({ token, requireArgs = [], batchAddPath }: SandboxOptions): Hono {
  const app = new Hono()
  const kept = deliveries()
  const script = faultScript()

  app.post(batchAddPath ?? DEFAULT_BATCH_ADD_PATH, async (c) => {
    const body = await readJson(c)
    const parsed = batchAddRequestSchema.safeParse(body)
    const refusal = check(c.req.header('x-token'), body, parsed)
    const keep = () => {
      if (!refusal && parsed.success) kept.keep(parsed.data)
    }
    const fault = script.next(parsed.success ? parsed.data.data : [])
    kept.call({
      at: Date.now(),
      events: parsed.success ? parsed.data.data.length : 0,
      publicParams: parsed.success ? parsed.data.publicParams : null,
      answer: fault ? fault.kind : (refusal?.code ?? '200'),
    })
    const played = fault && (await play(fault, c, keep))
    if (played) return played
    if (fault?.kind !== 'slow' || fault.store === 'after') keep()
    return c.json(refusal ?? ({ code: '200', errorCode: 'SUCCESS', msg: 'ok' } satisfies BatchAddResponse))
  })

  /** What the platform has against a call, from the token to the events; undefined where all is well. */
  function check(
    given: string | undefined,
    body: unknown,
    parsed: ReturnType<typeof batchAddRequestSchema.safeParse>,
  ): BatchAddResponse | undefined {
    if (given !== token) return { code: '100200', errorCode: 'TOKEN_ERROR', msg: 'token错误' }
    if (body === undefined) return refused('the body is not JSON')
    if (!parsed.success) return refused(describeIssue(parsed.error))
    const missing = missingArg(parsed.data, requireArgs)
    return missing === undefined ? undefined : refused(missing)
  }

  app.use('/_sandbox/*', cors({ origin: '*' }))
  app.get('/_sandbox/events', (c) => c.json(kept.events()))
  app.get('/_sandbox/calls', (c) => c.json({ calls: kept.calls() }))
  app.delete('/_sandbox/events', (c) => {
    kept.clear()
    return c.body(null, 204)
  })
  app.get('/_sandbox/faults', (c) => c.json({ faults: script.left() }))
  app.post('/_sandbox/faults', async (c) => {
    const parsed = faultScriptSchema.safeParse(await readJson(c))
    if (!parsed.success) return c.json({ error: describeIssue(parsed.error) }, 400)
    script.add(parsed.data.faults)
    return c.json({ faults: script.left() })
  })
  app.delete('/_sandbox/faults', (c) => {
    script.clear()
    return c.body(null, 204)
  })
  return app
}

/** Statuses that HTTP allows no body. */
const BODILESS = new Set([204, 205, 304])

/** Plays a fault; undefined where the ordinary answer follows. */
async function play(fault: Fault, c: Context, keep: () => void): Promise<Response | undefined> {
  switch (fault.kind) {
    case 'status': {
      if (fault.store) keep()
      return new Response(BODILESS.has(fault.status) ? null : (fault.body ?? null), {
        status: fault.status,
        headers: fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter },
      })
    }
    case 'slow':
      if (fault.store === 'before') keep()
      // A caller that is gone waits no longer, and neither does a sandbox that is told to stop.
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, fault.ms)
        c.req.raw.signal.addEventListener('abort', () => (clearTimeout(timer), resolve()))
      })
      return undefined
    case 'reset': {
      if (fault.store) keep()
      const socket = (c.env as NodeBindings | undefined)?.incoming?.socket
      if (!socket) throw new Error('a reset needs the sandbox to run on Node’s HTTP server')
      socket.resetAndDestroy()
      // Nobody is left to read it.
      return c.body(null, 500)
    }
    case 'redirect':
      return c.redirect(fault.location, fault.status)
    case 'refuse':
      return c.json({ code: fault.code, errorCode: 'REFUSED', msg: fault.msg } satisfies BatchAddResponse)
  }
}

/** The page documents no code for a wrong field; any that it does not know means "refused". */
function refused(msg: string): BatchAddResponse {
  return { code: '100400', errorCode: 'PARAM_ERROR', msg }
}

function missingArg({ data }: BatchAddRequest, requireArgs: string[]): string | undefined {
  for (const [index, event] of data.entries()) {
    for (const name of requireArgs) {
      if (event.eventargs?.[name] === undefined) return `data.${index}.eventargs.${name}: is required here`
    }
  }
  return undefined
}

/** The body as JSON; undefined where it is none. */
async function readJson(c: Context): Promise<unknown> {
  try {
    return await c.req.json()
  } catch {
    // Said by the caller, in the platform's form.
    return undefined
  }
}
