import {
  createSandbox,
  type DeliveredEvent,
  type Fault,
  type SandboxApp,
  type TokenCallRecord,
} from '@warren/rabbitpre/sandbox'
import { batchAddRequestSchema, DEFAULT_BATCH_ADD_PATH, DEFAULT_TOKEN_PATH } from '@warren/rabbitpre'
import { keepsEvents } from './keeps-events.ts'
import { listen } from './listen.ts'

export const TOKEN = 'test-token-5f1c'

/** One call as the sandbox saw it, from its arrival to its answer. */
export interface SeenCall {
  uuids: string[]
  eventKeys: string[]
  publicParams: unknown
  /** Whose call it is, where the caller's address says it: see {@link towards}. */
  caller: string | undefined
  isOpen: boolean
  /** When its answer left. Milliseconds since 1970; 0 while it is open. */
  endedAt: number
  /** What was played for it by `faultOf`. */
  fault: Fault | undefined
  /** Its events were kept. Known only with `faultOf`, which is asked for every call. */
  isKept: boolean
}

export interface TestSandbox {
  url: string
  /** Every call in the order of arrival. */
  calls: SeenCall[]
  events(): Promise<{ events: DeliveredEvent[]; total: number; repeats: number }>
  /** Forgets the events, so that a long test does not hold them all; {@link calls} stay. */
  forgetEvents(): Promise<void>
  script(...faults: Fault[]): Promise<void>
  clearFaults(): Promise<void>
  tokens(): Promise<{ calls: TokenCallRecord[]; mostInFlight: number }>
  /** Every token that a call came with: what must be found nowhere else. */
  carriedTokens: ReadonlySet<string>
  /** Fetches a token as a second system with the same appid would: it ends the one before. */
  fetchToken(): Promise<string>
  close(): Promise<void>
}

export interface TestSandboxOptions {
  /** Instead of the fixed token {@link TOKEN}. */
  app?: SandboxApp
  /** The fault of each call, told at its arrival; not to be mixed with `script`. */
  faultOf?: (call: SeenCall) => Fault | undefined
}

/** The sandbox on a free port in this process, so that it outlives the collectors that a test kills. */
export async function startSandbox({ app: keys, faultOf }: TestSandboxOptions = {}): Promise<TestSandbox> {
  const app = createSandbox(keys ? { app: keys } : { token: TOKEN })
  const calls: SeenCall[] = []
  const carriedTokens = new Set<string>()

  async function script(...faults: Fault[]): Promise<void> {
    const response = await app.request('/_sandbox/faults', { method: 'POST', body: JSON.stringify({ faults }) })
    if (!response.ok) throw new Error(await response.text())
  }

  /** Lets the sandbox play the fault for this call and no other. */
  async function choose(call: SeenCall): Promise<void> {
    const [uuid] = call.uuids
    call.fault = uuid === undefined ? undefined : faultOf?.(call)
    if (call.fault && uuid !== undefined) await script({ ...call.fault, match: { uuid }, times: 1 })
  }

  /** How often the sandbox holds the first event of a call. */
  async function countOf({ uuids: [first] }: SeenCall): Promise<number> {
    const { events } = (await (await app.request('/_sandbox/events')).json()) as { events: DeliveredEvent[] }
    return events.find(({ uuid }) => uuid === first)?.count ?? 0
  }

  const { url, close } = await listen(async (request, env) => {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname !== DEFAULT_BATCH_ADD_PATH) return app.fetch(request, env)
    carriedTokens.add(request.headers.get('x-token') ?? '')
    const parsed = batchAddRequestSchema.safeParse(await request.clone().json())
    const { data = [], publicParams } = parsed.success ? parsed.data : {}
    const call: SeenCall = {
      uuids: data.map(({ uuid }) => uuid ?? ''),
      eventKeys: data.map(({ eventKey }) => eventKey ?? ''),
      publicParams,
      caller: searchParams.get('caller') ?? undefined,
      isOpen: true,
      endedAt: 0,
      fault: undefined,
      isKept: false,
    }
    calls.push(call)
    try {
      if (faultOf) await choose(call)
      // A fault that keeps events keeps none of a call whose token has ended: a fixed one does not.
      const before = keys && call.fault ? await countOf(call) : 0
      const response = await app.fetch(request, env)
      if (call.fault) call.isKept = keepsEvents(call.fault) && (!keys || (await countOf(call)) > before)
      else if (faultOf) call.isKept = ((await response.clone().json()) as { code: string }).code === '200'
      return response
    } finally {
      call.isOpen = false
      call.endedAt = Date.now()
    }
  })
  return {
    url,
    calls,
    carriedTokens,
    events: async () => (await app.request('/_sandbox/events')).json() as never,
    async forgetEvents() {
      await app.request('/_sandbox/events', { method: 'DELETE' })
    },
    script,
    async clearFaults() {
      await app.request('/_sandbox/faults', { method: 'DELETE' })
    },
    tokens: async () => (await app.request('/_sandbox/tokens')).json() as never,
    async fetchToken() {
      const query = new URLSearchParams({ instanceAppid: keys?.appid ?? '', instanceSecrect: keys?.secret ?? '' })
      const response = await app.request(`${DEFAULT_TOKEN_PATH}?${query}`)
      return ((await response.json()) as { data: { orgAccessToken: string } }).data.orgAccessToken
    },
    close,
  }
}

/**
 * The variables that lead a collector to this sandbox. With a `caller`, its calls say whose they are, which tells the
 * calls of one life of a collector from those of the next.
 */
export function towards(sandbox: { url: string }, publicParams?: object, caller?: string): Record<string, string> {
  return {
    RABBITPRE_TOKEN: TOKEN,
    RABBITPRE_BASE_URL: sandbox.url,
    ...(publicParams ? { RABBITPRE_PUBLIC_PARAMS: JSON.stringify(publicParams) } : {}),
    ...(caller === undefined ? {} : { RABBITPRE_BATCH_ADD_PATH: `${DEFAULT_BATCH_ADD_PATH}?caller=${caller}` }),
  }
}
