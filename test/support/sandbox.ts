import { createSandbox, type DeliveredEvent } from '@warren/rabbitpre/sandbox'
import { batchAddRequestSchema, DEFAULT_BATCH_ADD_PATH } from '@warren/rabbitpre'
import { listen } from './listen.ts'

export const TOKEN = 'test-token-5f1c'

/** One call as the sandbox saw it, from its arrival to its answer. */
export interface SeenCall {
  uuids: string[]
  publicParams: unknown
  isOpen: boolean
}

export interface TestSandbox {
  url: string
  /** Every call in the order of arrival. */
  calls: SeenCall[]
  events(): Promise<{ events: DeliveredEvent[]; total: number; repeats: number }>
  script(...faults: object[]): Promise<void>
  clearFaults(): Promise<void>
  close(): Promise<void>
}

/** The sandbox on a free port in this process, so that it outlives the collectors that a test kills. */
export async function startSandbox(): Promise<TestSandbox> {
  const app = createSandbox({ token: TOKEN })
  const calls: SeenCall[] = []
  const { url, close } = await listen(async (request, env) => {
    if (new URL(request.url).pathname !== DEFAULT_BATCH_ADD_PATH) return app.fetch(request, env)
    const parsed = batchAddRequestSchema.safeParse(await request.clone().json())
    const call: SeenCall = {
      uuids: parsed.success ? parsed.data.data.map(({ uuid }) => uuid ?? '') : [],
      publicParams: parsed.success ? parsed.data.publicParams : undefined,
      isOpen: true,
    }
    calls.push(call)
    try {
      return await app.fetch(request, env)
    } finally {
      call.isOpen = false
    }
  })
  return {
    url,
    calls,
    events: async () => (await app.request('/_sandbox/events')).json() as never,
    async script(...faults) {
      const response = await app.request('/_sandbox/faults', { method: 'POST', body: JSON.stringify({ faults }) })
      if (!response.ok) throw new Error(await response.text())
    },
    async clearFaults() {
      await app.request('/_sandbox/faults', { method: 'DELETE' })
    },
    close,
  }
}

/** The variables that lead a collector to this sandbox. */
export function towards(sandbox: { url: string }, publicParams?: object): Record<string, string> {
  return {
    RABBITPRE_TOKEN: TOKEN,
    RABBITPRE_BASE_URL: sandbox.url,
    ...(publicParams ? { RABBITPRE_PUBLIC_PARAMS: JSON.stringify(publicParams) } : {}),
  }
}
