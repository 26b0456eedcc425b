import { pino, type DestinationStream } from 'pino'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { LaneReport } from '../forward/forwarder.ts'
import type { DeadLetters } from '../queue/dead-letters.ts'
import type { EventQueue } from '../queue/ports.ts'
import type { Telemetry } from '../telemetry.ts'

export interface NodeTelemetry extends Telemetry {
  /** Everything counted, as Prometheus reads it. */
  metrics(): Promise<string>
  contentType: string
  /** Shows a queue's lanes, its dead letters and the forwarder's halts among the metrics. */
  watch(queue: WatchedQueue, lanes: () => LaneReport[]): void
}

/** A queue and its dead letters; one in a file tells the size of its WAL too. */
export type WatchedQueue = EventQueue & { dead: DeadLetters; walBytes?: () => number }

/** The real telemetry on Node: pino to standard output, prom-client for `/metrics`. */
export function nodeTelemetry(options: { level?: string; destination?: DestinationStream } = {}): NodeTelemetry {
  const log = options.destination
    ? pino({ level: options.level ?? 'info' }, options.destination)
    : pino({ level: options.level ?? 'info' })
  const registers = [new Registry()]
  const [registry] = registers as [Registry]
  const counters = {
    batches: new Counter({
      name: 'warren_batches_total',
      help: 'Requests to /v1/batch',
      labelNames: ['source', 'status'],
      registers,
    }),
    events: new Counter({
      name: 'warren_events_total',
      help: 'Events received, by outcome',
      labelNames: ['source', 'outcome'],
      registers,
    }),
    calls: new Counter({
      name: 'warren_calls_total',
      help: 'Calls to the platform, by outcome',
      labelNames: ['lane', 'outcome'],
      registers,
    }),
    delivered: new Counter({
      name: 'warren_delivered_total',
      help: 'Events the platform has taken',
      labelNames: ['lane'],
      registers,
    }),
    buried: new Counter({
      name: 'warren_buried_total',
      help: 'Events that became dead letters, by reason',
      labelNames: ['lane', 'reason'],
      registers,
    }),
    revived: new Counter({
      name: 'warren_revived_total',
      help: 'Dead letters of a parked key that came back by themselves',
      labelNames: ['lane'],
      registers,
    }),
    replayed: new Counter({
      name: 'warren_dead_replayed_total',
      help: 'Dead letters that an operator put back into the queue',
      labelNames: ['lane'],
      registers,
    }),
    discarded: new Counter({
      name: 'warren_dead_discarded_total',
      help: 'Dead letters that are gone for good, by cause',
      labelNames: ['lane', 'cause'],
      registers,
    }),
    resent: new Counter({
      name: 'warren_resent_total',
      help: 'Events sent again although the platform may have stored them, by cause',
      labelNames: ['lane', 'cause'],
      registers,
    }),
  }
  const durations = {
    call: new Histogram({
      name: 'warren_call_seconds',
      help: 'How long calls to the platform take',
      labelNames: ['lane'],
      buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
      registers,
    }),
    commit: new Histogram({
      name: 'warren_commit_seconds',
      help: 'How long commits to the queue take',
      labelNames: [],
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1],
      registers,
    }),
  }

  return {
    log: (level, message, fields = {}) => log[level](fields, message),
    count: (name, labels, by = 1) => (counters[name] as Counter).inc(labels as Record<string, string>, by),
    observe: (name, labels, ms) => (durations[name] as Histogram).observe(labels as Record<string, string>, ms / 1000),
    metrics: () => registry.metrics(),
    contentType: registry.contentType,
    watch(queue, lanes) {
      const { walBytes } = queue
      if (walBytes) {
        const wal = new Gauge({
          name: 'warren_wal_bytes',
          help: "The size of the database's WAL",
          registers,
          collect() {
            wal.set(walBytes())
          },
        })
      }
      const dead = new Gauge({
        name: 'warren_dead_letters',
        help: 'Events kept that the platform would not have',
        labelNames: ['lane'],
        registers,
        async collect() {
          // A lane whose last letter has gone is not among the totals any more.
          for (const { lane } of await queue.lanes()) dead.set({ lane }, 0)
          for (const { lane, events } of await queue.dead.totals()) dead.set({ lane }, events)
        },
      })
      const halted = new Gauge({
        name: 'warren_lane_halted',
        help: '1 while a lane keeps all its events and only probes',
        labelNames: ['lane'],
        registers,
        collect() {
          for (const { lane, state } of lanes()) halted.set({ lane }, state === 'halted' ? 1 : 0)
        },
      })
      const gauge = new Gauge({
        name: 'warren_queue_events',
        help: 'Events kept and not yet delivered',
        labelNames: ['lane'],
        registers,
        async collect() {
          for (const { lane, events } of await queue.lanes()) gauge.set({ lane }, events)
        },
      })
    },
  }
}
