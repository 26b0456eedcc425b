import { QueueFullError, sqlQueue } from '@warren/collector'
import type { ObjectStorage } from '../../../packages/collector/dist/cloudflare/object-storage.js'
import { objectSqlite } from '../../../packages/collector/dist/cloudflare/object-sqlite.js'
import { driverResults, type DriverStep } from './driver-steps.ts'
import { queueMethods, type QueueAnswers, type QueueCalls, type QueueMethods } from './queue-calls.ts'

interface ObjectState {
  storage: ObjectStorage
  /** Throws this instance away, with all that it has in memory. */
  abort(reason: string): never
}

/**
 * The SQL queue in a Durable Object, and nothing around it. It goes by the clock of whoever asks, which comes with each
 * message.
 */
export class QueueObject {
  readonly #state: ObjectState
  #clock = 0
  #methods: QueueMethods | undefined

  constructor(state: ObjectState) {
    this.#state = state
  }

  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname.endsWith('/abort')) this.#state.abort('the test asked for it')
    const message: unknown = await request.json()
    if (pathname.endsWith('/driver')) {
      return Response.json(driverResults(objectSqlite(this.#state.storage), message as DriverStep[]))
    }
    const { now, limits, calls } = message as QueueCalls
    this.#clock = now
    const methods = (this.#methods ??= this.#open(limits))
    return Response.json(await Promise.all(calls.map((call) => answerTo(methods, call))))
  }

  #open(limits: QueueCalls['limits']): QueueMethods {
    const driver = objectSqlite(this.#state.storage)
    return queueMethods(sqlQueue(driver, { now: () => this.#clock, limits, isNeverCompressed: true }))
  }
}

async function answerTo(
  methods: QueueMethods,
  { method, args }: QueueCalls['calls'][number],
): Promise<QueueAnswers[number]> {
  const run = methods[method] as (...given: readonly unknown[]) => Promise<unknown>
  try {
    return { value: await run(...args) }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error), isFull: error instanceof QueueFullError }
  }
}

interface Env {
  QUEUES: { idFromName(name: string): unknown; get(id: unknown): { fetch(request: Request): Promise<Response> } }
}

export default {
  /** `/<name>` asks the queue of that name, `/<name>/driver` its driver alone; `/<name>/abort` ends its object. */
  async fetch(request: Request, { QUEUES }: Env): Promise<Response> {
    const [, name = '', what] = new URL(request.url).pathname.split('/')
    const asked = QUEUES.get(QUEUES.idFromName(name)).fetch(request)
    return what === 'abort' ? asked.catch((error: unknown) => new Response(String(error))) : asked
  },
}
