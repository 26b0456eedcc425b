import { beforeEach, describe } from 'vitest'
import { createCollector } from '../app.ts'
import type { CollectorOptions } from '../collector-options.ts'
import { nodeSqlite } from '../node/sqlite.ts'
import type { OpenQueue } from '../queue/conformance.ts'
import { conformanceStage } from '../queue/conformance/stage.ts'
import { memoryQueue } from '../queue/memory.ts'
import { sqlQueue } from '../queue/sql.ts'
import { configuredSources } from '../sources.ts'
import { silentTelemetry, type Telemetry } from '../telemetry.ts'
import { DESTINATIONS, SOURCES } from './app-stage.ts'
import { freshFile } from './sql-stage.ts'

export const ADMIN_TOKEN = 'admin-SECRET-0123456789'

const QUEUES: [string, OpenQueue][] = [
  [
    'in memory',
    (options) => {
      const queue = memoryQueue(options)
      return { queue, end: () => queue.close() }
    },
  ],
  [
    'on SQLite',
    (options) => {
      const file = freshFile()
      const queue = sqlQueue(nodeSqlite(file.path), { ...options, defer: setImmediate })
      return {
        queue,
        async end() {
          await queue.close()
          file.remove()
        },
      }
    },
  ],
]

export type AdminStage = ReturnType<typeof adminStage>

/** Runs a suite on dead letters in memory and on SQLite. */
export function onEveryQueue(suite: (stage: AdminStage) => void): void {
  describe.each(QUEUES)('%s', (_, open) => suite(adminStage(open)))
}

/** A queue on a clock that is set by hand, with an operator's interface on it: new for each test of its suite. */
function adminStage(open: OpenQueue) {
  const stage = conformanceStage(open)
  const seen = { logs: [] as string[], counts: [] as string[], wakes: 0 }
  beforeEach(() => Object.assign(seen, { logs: [], counts: [], wakes: 0 }))
  const telemetry: Telemetry = {
    ...silentTelemetry,
    log: (level, message, fields) => seen.logs.push(`${level} ${message} ${JSON.stringify(fields)}`),
    count: (name, labels, by = 1) => seen.counts.push(`${name} ${Object.values(labels).join(' ')} ${by}`),
  }
  const collector = (options: Partial<CollectorOptions> = {}) =>
    createCollector({
      findSource: configuredSources(SOURCES),
      destinations: DESTINATIONS,
      sink: stage.queue,
      telemetry,
      onEnqueued: () => seen.wakes++,
      now: () => stage.clock,
      admin: { token: ADMIN_TOKEN, dead: stage.dead, rulesOf: (id) => SOURCES.get(id) },
      ...options,
    })

  /** As an operator, with the token. */
  async function ask(path: string, body?: unknown, options: Partial<CollectorOptions> = {}): Promise<Response> {
    return collector(options).request(`/admin/dead${path}`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      ...(body === undefined ? {} : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  }

  return Object.assign(stage, {
    seen,
    telemetry,
    collector,
    ask,
    /** The status and the JSON of an answer. */
    async answer(path: string, body?: unknown, options: Partial<CollectorOptions> = {}) {
      const response = await ask(path, body, options)
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    },
  })
}
