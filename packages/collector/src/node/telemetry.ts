import { pino, type DestinationStream } from 'pino'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { LaneReport } from '../forward/forwarder.ts'
import type { DeadLetters } from '../queue/dead-letters.ts'
import type { EventQueue } from '../queue/ports.ts'
import { COUNTERS, DURATIONS, GAUGES, type Metric } from '../metrics.ts'
import type { Telemetry } from '../telemetry.ts'

export interface NodeTelemetry extends Telemetry {
  /** Everything counted, as Prometheus reads it. */
  metrics(): Promise<string>
  contentType: string
  /** Shows halts among the metrics; and a queue's lanes and dead letters, where there is one. */
  watch(lanes: () => LaneReport[], queue?: WatchedQueue): void
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
  const counters = made(COUNTERS, (metric) => new Counter({ ...labelled(metric), registers }))
  const durations = made(
    DURATIONS,
    (metric) => new Histogram({ ...labelled(metric), buckets: [...metric.buckets], registers }),
  )

  return {
    log: (level, message, fields = {}) => log[level](fields, message),
    count: (name, labels, by = 1) => counters[name].inc(labels as Record<string, string>, by),
    observe: (name, labels, ms) => durations[name].observe(labels as Record<string, string>, ms / 1000),
    metrics: () => registry.metrics(),
    contentType: registry.contentType,
    watch(lanes, queue) {
      const halted = new Gauge({
        ...labelled(GAUGES.halted),
        registers,
        collect() {
          for (const { lane, state } of lanes()) halted.set({ lane }, state === 'halted' ? 1 : 0)
        },
      })
      if (!queue) return
      const { walBytes } = queue
      if (walBytes) {
        const wal = new Gauge({
          ...labelled(GAUGES.wal),
          registers,
          collect() {
            wal.set(walBytes())
          },
        })
      }
      const dead = new Gauge({
        ...labelled(GAUGES.dead),
        registers,
        async collect() {
          // A lane whose last letter has gone is not among the totals any more.
          for (const { lane } of await queue.lanes()) dead.set({ lane }, 0)
          for (const { lane, events } of await queue.dead.totals()) dead.set({ lane }, events)
        },
      })
      const gauge = new Gauge({
        ...labelled(GAUGES.queued),
        registers,
        async collect() {
          for (const { lane, events } of await queue.lanes()) gauge.set({ lane }, events)
        },
      })
    },
  }
}

/** A metric as prom-client has it. */
function labelled({ name, help, labels }: Metric): { name: string; help: string; labelNames: string[] } {
  return { name, help, labelNames: [...labels] }
}

/** Each of a table's metrics, made. */
function made<Name extends string, From extends Metric, To>(
  table: Readonly<Record<Name, From>>,
  make: (metric: From) => To,
): Record<Name, To> {
  const entries = Object.entries<From>(table).map(([name, metric]) => [name, make(metric)])
  return Object.fromEntries(entries) as Record<Name, To>
}
