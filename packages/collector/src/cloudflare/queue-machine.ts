import { fixedToken, type TokenSource } from '@warren/rabbitpre'
import { deadRetention } from '../admin/dead-retention.ts'
import { consoleLog } from '../edge/console-log.ts'
import { addTally, seriesName, tallyTelemetry, type Tally } from '../edge/tally.ts'
import { MAX_CALL, MAX_WAIT_MS } from '../forward/due.ts'
import { createForwarder } from '../forward/forwarder.ts'
import { notedReport } from '../forward/noted-report.ts'
import { rabbitpreUpstreams } from '../forward/rabbitpre-upstream.ts'
import { GAUGES } from '../metrics.ts'
import { QueueFullError } from '../queue/ports.ts'
import { sqlQueue } from '../queue/sql.ts'
import type { EdgeSettings } from '../settings/edge-settings.ts'
import { openDestinations } from '../settings/open-destinations.ts'
import { alarmClock, type AlarmStorage } from './alarm-clock.ts'
import { fewAtOnce } from './few-at-once.ts'
import type { QueueRpc } from './object-rpc.ts'
import { objectSqlite } from './object-sqlite.ts'
import type { ObjectStorage, ValueStorage } from './object-storage.ts'

/** What stands in a queue's object: the queue, the forwarder and the alarm that wakes it, put together. */
export interface QueueMachine extends QueueRpc {
  /** The object's alarm has fired. Never rejects. */
  alarm(): Promise<void>
}

export interface QueueMachineOptions {
  storage: ObjectStorage & AlarmStorage & ValueStorage
  settings: EdgeSettings
  /** The source of an app's tokens, by the name of its credentials. */
  tokenOf: (credentials: string) => TokenSource
  now?: () => number
}

/** Connections that may be open at once (developers.cloudflare.com/workers/platform/limits: 6). */
const MAX_CONNECTIONS = 6

/** A source's events have two lanes at the most, matched and unmatched, which share the connections. */
const MAX_LANE_CALLS = MAX_CONNECTIONS / 2

/**
 * When the forwarder looks at new events: at a full call's worth soon, at fewer when they are due anyway. Each look is an
 * alarm, and each alarm writes some four rows (docs/deploy.md).
 */
const GATHER_MS = 20

/** Bytes that may wait, unless the configuration says: of an object's 10 GB, what dedupe and dead letters leave. */
const DEFAULT_MAX_BYTES = 4 * 1024 ** 3

const DAY_MS = 24 * 60 * 60_000

/** How often dead letters that have become too old or too many are looked for, while there are any. */
const RETENTION_EVERY_MS = 60 * 60_000

export async function queueMachine(options: QueueMachineOptions): Promise<QueueMachine> {
  const { storage, settings, now = Date.now } = options
  const { config } = settings
  const telemetry = tallyTelemetry(consoleLog)
  /** What instances before this one have counted, and this one up to the last alarm. */
  const counted: Tally = (await storage.get<Tally>('tally')) ?? {}

  const { maxEvents, maxBytes = DEFAULT_MAX_BYTES } = config.queue
  const queue = sqlQueue(objectSqlite(storage), {
    now,
    limits: { bytes: maxBytes, ...(maxEvents === undefined ? {} : { events: maxEvents }) },
    onCommit: (ms) => telemetry.observe('commit', {}, ms),
    // A wake-up must not read the backlog.
    isNeverCompressed: true,
  })
  const { dead } = queue
  const tokens = new Map(
    [...settings.credentials].map(([name, one]) => [
      name,
      one.kind === 'token' ? fixedToken(one.token) : options.tokenOf(name),
    ]),
  )
  const destinations = openDestinations(config, tokens, {
    fetch: fewAtOnce<Parameters<typeof fetch>, Response>(MAX_CONNECTIONS, (...request) => fetch(...request)),
  })
  const clock = alarmClock({ storage, run: () => forwarder.run(), after: keepHouse, log: telemetry.log, now })
  const forwarder = createForwarder({
    queue,
    dead,
    upstreamOf: rabbitpreUpstreams(destinations),
    wakeAt: clock.wakeAt,
    telemetry,
    maxCalls: MAX_LANE_CALLS,
    now,
  })
  const { keepDays, maxEvents: maxDead } = config.deadLetters
  const retention = deadRetention({
    dead,
    telemetry,
    keepMs: keepDays === null ? Infinity : keepDays * DAY_MS,
    maxEvents: maxDead ?? Infinity,
    now,
  })
  let retainAt = 0

  /** Discards dead letters that are due to go, and keeps what has been counted. */
  async function keepHouse(): Promise<void> {
    if ((await dead.totals()).length > 0) {
      if (now() >= retainAt) {
        retainAt = now() + RETENTION_EVERY_MS
        await retention.run()
      }
      clock.wakeAt(retainAt)
    }
    const more = telemetry.take()
    if (Object.keys(more).length === 0) return
    addTally(counted, more)
    await storage.put('tally', counted)
  }

  const wake = (fresh: number) => clock.wakeAt(now() + (fresh < MAX_CALL.events ? MAX_WAIT_MS : GATHER_MS))

  /** What a full queue says, as a value. */
  async function orFull<Result>(work: () => Promise<Result>): Promise<Result | { kind: 'full'; words: string }> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof QueueFullError) return { kind: 'full', words: error.message }
      throw error
    }
  }

  return {
    async keep(source, entries, more) {
      const kept = await orFull(async () => {
        const { fresh, repeated } = await queue.enqueue(source, entries)
        if (fresh > 0) wake(fresh)
        return { kind: 'kept' as const, fresh, repeated }
      })
      // Where that failed, the Worker keeps its counts.
      addTally(counted, more)
      return kept
    },
    async claim(shards) {
      const first = await storage.get<number>('shards')
      if (first === undefined) await storage.put('shards', shards)
      return first ?? shards
    },
    async probe() {
      await queue.enqueue('', [])
    },
    async look() {
      const tally: Tally = { ...counted }
      addTally(tally, telemetry.tally())
      const lanes = await queue.lanes()
      for (const { lane, events } of lanes) {
        tally[seriesName(GAUGES.queued, { lane })] = events
        tally[seriesName(GAUGES.dead, { lane })] = 0
      }
      for (const { lane, events } of await dead.totals()) tally[seriesName(GAUGES.dead, { lane })] = events
      const known = new Map(forwarder.lanes().map((report) => [report.lane, report]))
      // An object that was evicted since its last alarm knows of a halt by its note alone.
      const reports = lanes.map((status) => known.get(status.lane) ?? notedReport(status))
      for (const { lane, state } of reports) tally[seriesName(GAUGES.halted, { lane })] = state === 'halted' ? 1 : 0
      // Whoever looks also sees to it that events do not wait for an alarm that was given up.
      if (lanes.some(({ events }) => events > 0)) wake(0)
      return { lanes: reports, tally }
    },
    deadList: dead.list,
    deadGet: dead.get,
    deadRevive: (letters) =>
      orFull(async () => {
        const count = await dead.revive(letters)
        wake(count)
        return { kind: 'revived', count }
      }),
    deadDiscard: dead.discard,
    deadTotals: dead.totals,
    alarm: clock.fired,
  }
}
