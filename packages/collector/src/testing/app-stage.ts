import { beforeEach } from 'vitest'
import { IDENTITY_TYPES, type WireAnswer } from '@warren/protocol'
import type { PublicParams } from '@warren/rabbitpre'
import { createCollector } from '../app.ts'
import type { CollectorOptions } from '../collector-options.ts'
import { memoryQueue } from '../queue/memory.ts'
import type { EventQueue } from '../queue/ports.ts'
import { configuredSources, type SourceRules } from '../sources.ts'
import { silentTelemetry } from '../telemetry.ts'

export const NOW = Date.UTC(2026, 0, 1)
export const KEY = 'key-SECRET-123'
const FUZZY: PublicParams = { isMatching: true, matchingType: 2, identifyWay: 1 }
const PRECISE: PublicParams = { isMatching: true, matchingType: 1, accurateMatchType: 'gzh', accurateMatchValue: 'wx1' }
export const DESTINATIONS = new Map<string, PublicParams>([
  ['default', { isMatching: false }],
  ['fuzzy', FUZZY],
  ['precise', PRECISE],
])

const rules = (changes: Partial<SourceRules> = {}): SourceRules => ({
  kind: 'web',
  origins: ['https://shop.example', 'https://*.shop.example'],
  destination: 'default',
  anonymous: 'unmatched',
  precedence: [...IDENTITY_TYPES],
  ...changes,
})

export const mini = (changes: Partial<SourceRules> = {}): SourceRules => {
  const { origins: _, ...rest } = rules({ kind: 'miniprogram', ...changes })
  return rest
}

export const SOURCES = new Map<string, SourceRules>([
  ['web', rules()],
  ['all', rules({ origins: ['*'] })],
  ['null', rules({ origins: ['null'] })],
  ['mini', mini()],
  ['server', { ...mini({ destination: 'fuzzy' }), kind: 'server', key: KEY }],
  ['fuzzy', mini({ destination: 'fuzzy' })],
  ['fuzzy-device', mini({ destination: 'fuzzy', anonymous: 'device' })],
  ['fuzzy-reject', mini({ destination: 'fuzzy', anonymous: 'reject' })],
  ['reject', mini({ anonymous: 'reject' })],
  ['precise', mini({ destination: 'precise', precedence: ['phone', 'openid'] })],
  ['lost', mini({ destination: 'nowhere' })],
])

export const event = (changes: object = {}) => ({
  uuid: 'u1',
  writer: 'w',
  seq: 0,
  eventKey: 'c_buy',
  time: NOW,
  ...changes,
})
export const batch = (events: unknown[] = [event()], changes: object = {}) => ({
  v: 1,
  sentAt: NOW,
  device: 'device-1',
  sdk: 'web/0.1.0',
  writers: [{ id: 'w', given: events.length, dropped: {} }],
  events,
  ...changes,
})
export const serverBatch = (events: unknown[]) => ({ v: 1, events })

export const BATCH = batch()
export const ACCEPTED = { v: 1, accepted: 1, rejected: [], retry: [] }

/** A collector on a queue in memory, with what it logged and counted: new for each test of the file. */
export function appStage() {
  let queue: EventQueue
  const logs: string[] = []
  const counts: string[] = []
  beforeEach(() => {
    queue = memoryQueue({ now: () => NOW })
    logs.length = 0
    counts.length = 0
  })

  function collector(options: Partial<CollectorOptions> = {}) {
    return createCollector({
      findSource: configuredSources(SOURCES),
      destinations: DESTINATIONS,
      sink: queue,
      telemetry: {
        ...silentTelemetry,
        log: (_, message, fields) => logs.push(`${message} ${JSON.stringify(fields)}`),
        count: (name, labels, by = 1) => counts.push(`${name} ${Object.values(labels).join(' ')} ${by}`),
      },
      now: () => NOW,
      scripts: [{ name: 'warren', text: 'var warren', hash: 'abc', integrity: 'sha384-abc' }],
      ...options,
    })
  }

  async function post(
    body: unknown,
    {
      source = 'mini',
      headers = {},
      query = '',
      app = collector(),
    }: {
      source?: string
      headers?: Record<string, string>
      query?: string
      app?: ReturnType<typeof collector>
    } = {},
  ) {
    const raw = typeof body === 'string' || body instanceof Uint8Array || body instanceof ReadableStream
    const response = await app.request(`/v1/batch?source=${source}${query}`, {
      method: 'POST',
      body: (raw ? body : JSON.stringify(body)) as BodyInit,
      headers: { 'content-type': 'text/plain;charset=UTF-8', ...headers },
      ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: JSON.parse(text) as WireAnswer & { detail: string },
    }
  }

  /** Everything that is kept, by lane. */
  async function kept(): Promise<Record<string, Record<string, unknown>[]>> {
    const lanes: Record<string, Record<string, unknown>[]> = {}
    for (const { lane } of await queue.lanes()) {
      const lease = await queue.lease(lane, { events: 1000, bytes: 10_000_000 }, 1)
      lanes[lane] = (lease?.events ?? []).map((line) => JSON.parse(line) as Record<string, unknown>)
    }
    return lanes
  }

  return {
    logs,
    counts,
    collector,
    post,
    kept,
    get queue() {
      return queue
    },
  }
}
