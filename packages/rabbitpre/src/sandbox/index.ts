import { Hono, type Context } from 'hono'
import { cors } from 'hono/cors'
import { inEnglish } from '@warren/protocol'
import { DEFAULT_BATCH_ADD_PATH } from '../client.ts'
import { describeIssue } from '../describe-issue.ts'
import { DEFAULT_TOKEN_PATH } from '../fetch-app-token.ts'
import { batchAddRequestSchema, type BatchAddRequest, type BatchAddResponse } from '../batch-add.ts'
import { deliveries } from './deliveries.ts'
import { faultScript } from './fault-script.ts'
import { faultSchema, faultScriptSchema, type Fault } from './faults.ts'
import { playFault } from './play-fault.ts'
import { tokenCalls } from './token-calls.ts'
import { tokenDesk, type SandboxApp } from './token-desk.ts'

export type { CallRecord, DeliveredEvent } from './deliveries.ts'
export type { TokenCallRecord } from './token-calls.ts'
export { faultSchema, type Fault, type SandboxApp }

export interface SandboxOptions {
  /** A token that `X-Token` may carry for ever. */
  token?: string
  /** An app that may fetch tokens; each ends the one before. Beside `token` or instead of it. */
  app?: SandboxApp
  /** Event parameters that every event must have, as a platform with preset parameters would demand. Default none. */
  requireArgs?: string[]
  /** Default: the contract's path. */
  batchAddPath?: string
  /** Default: the path of the vendor's page. */
  tokenPath?: string
}

/**
 * A Hono app that plays the platform to the letter of its pages: it refuses what they do not allow and names the field,
 * issues tokens, keeps what it accepts, and plays faults from a script. `/_sandbox/…` shows and steers it.
 */
export function createSandbox(options: SandboxOptions): Hono {
  const { token, requireArgs = [] } = options
  const app = new Hono()
  const kept = deliveries()
  const desk = tokenDesk(token, options.app)
  const asked = tokenCalls()
  const script = faultScript()

  app.post(options.batchAddPath ?? DEFAULT_BATCH_ADD_PATH, async (c) => {
    const text = await c.req.text()
    const body = parseJson(text)
    const parsed = batchAddRequestSchema.safeParse(body, inEnglish)
    const refusal = check(c.req.header('x-token'), body, parsed)
    const work = () => {
      if (!refusal && parsed.success) kept.keep(parsed.data)
    }
    const answer = () => refusal ?? ({ code: '200', errorCode: 'SUCCESS', msg: 'ok' } satisfies BatchAddResponse)
    const events = parsed.success ? parsed.data.data : []
    const fault = script.next({ on: 'batchAdd', events, bytes: new TextEncoder().encode(text).length })
    kept.call({
      at: Date.now(),
      events: events.length,
      publicParams: parsed.success ? parsed.data.publicParams : null,
      answer: fault ? fault.kind : (refusal?.code ?? '200'),
    })
    if (fault) return (await playFault(fault, c, { work, answer })).response
    work()
    return c.json(answer())
  })

  app.get(options.tokenPath ?? DEFAULT_TOKEN_PATH, async (c) => {
    // The vendor's spelling.
    const isApp = desk.isApp(c.req.query('instanceAppid'), c.req.query('instanceSecrect'))
    let data: object = {}
    const work = () => {
      if (isApp) data = desk.issue()
    }
    const answer = () =>
      isApp
        ? { code: '200', errorCode: '0', msg: '操作成功', data }
        : { code: '100100', errorCode: 'APP_ERROR', msg: 'appid或secret错误' }
    const fault = script.next({ on: 'token', events: [], bytes: 0 })
    const call = asked.begin(fault ? fault.kind : answer().code)
    if (!fault) {
      work()
      call.end()
      return c.json(answer())
    }
    try {
      const { response, ended } = await playFault(fault, c, { work, answer })
      void ended.then(() => call.end())
      return response
    } catch (error) {
      call.end()
      throw error
    }
  })

  /** What the platform has against a call, from the token to the events; undefined where all is well. */
  function check(
    given: string | undefined,
    body: unknown,
    parsed: ReturnType<typeof batchAddRequestSchema.safeParse>,
  ): BatchAddResponse | undefined {
    if (!desk.isValid(given)) return { code: '100200', errorCode: 'TOKEN_ERROR', msg: 'token错误' }
    if (body === undefined) return refused('the body is not JSON')
    if (!parsed.success) return refused(describeIssue(parsed.error))
    const missing = missingArg(parsed.data, requireArgs)
    return missing === undefined ? undefined : refused(missing)
  }

  app.use('/_sandbox/*', cors({ origin: '*' }))
  app.get('/_sandbox/events', (c) => c.json(kept.events()))
  app.get('/_sandbox/calls', (c) => c.json({ calls: kept.calls() }))
  app.delete('/_sandbox/events', (c) => cleared(c, kept))
  app.get('/_sandbox/tokens', (c) => c.json(asked.seen()))
  app.delete('/_sandbox/tokens', (c) => cleared(c, asked))
  app.get('/_sandbox/faults', (c) => c.json({ faults: script.left() }))
  app.post('/_sandbox/faults', async (c) => {
    const parsed = faultScriptSchema.safeParse(parseJson(await c.req.text()), inEnglish)
    if (!parsed.success) return c.json({ error: describeIssue(parsed.error) }, 400)
    script.add(parsed.data.faults)
    return c.json({ faults: script.left() })
  })
  app.delete('/_sandbox/faults', (c) => cleared(c, script))
  return app
}

function cleared(c: Context, what: { clear(): void }): Response {
  what.clear()
  return c.body(null, 204)
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

/** Undefined where the text is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Said by the caller, in the platform's form.
    return undefined
  }
}
