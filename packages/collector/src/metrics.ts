import type { Counters, Durations } from './telemetry.ts'

/** How everything that is counted is named for Prometheus. `labels` in the order in which they are shown. */
export interface Metric {
  name: string
  help: string
  labels: readonly string[]
}

export const COUNTERS: { readonly [Name in keyof Counters]: Metric } = {
  batches: { name: 'warren_batches_total', help: 'Requests to /v1/batch', labels: ['source', 'status'] },
  events: { name: 'warren_events_total', help: 'Events received, by outcome', labels: ['source', 'outcome'] },
  calls: { name: 'warren_calls_total', help: 'Calls to the platform, by outcome', labels: ['lane', 'outcome'] },
  delivered: { name: 'warren_delivered_total', help: 'Events the platform has taken', labels: ['lane'] },
  buried: {
    name: 'warren_buried_total',
    help: 'Events that became dead letters, by reason',
    labels: ['lane', 'reason'],
  },
  revived: {
    name: 'warren_revived_total',
    help: 'Dead letters of a parked key that came back by themselves',
    labels: ['lane'],
  },
  replayed: {
    name: 'warren_dead_replayed_total',
    help: 'Dead letters that an operator put back into the queue',
    labels: ['lane'],
  },
  discarded: {
    name: 'warren_dead_discarded_total',
    help: 'Dead letters that are gone for good, by cause',
    labels: ['lane', 'cause'],
  },
  resent: {
    name: 'warren_resent_total',
    help: 'Events sent again although the platform may have stored them, by cause',
    labels: ['lane', 'cause'],
  },
}

/** `buckets` in seconds. */
export const DURATIONS: { readonly [Name in keyof Durations]: Metric & { buckets: readonly number[] } } = {
  call: {
    name: 'warren_call_seconds',
    help: 'How long calls to the platform take',
    labels: ['lane'],
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
  },
  commit: {
    name: 'warren_commit_seconds',
    help: 'How long commits to the queue take',
    labels: [],
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1],
  },
}

/** Read when they are asked for. */
export const GAUGES = {
  queued: { name: 'warren_queue_events', help: 'Events kept and not yet delivered', labels: ['lane'] },
  dead: { name: 'warren_dead_letters', help: 'Events kept that the platform would not have', labels: ['lane'] },
  halted: {
    name: 'warren_lane_halted',
    help: '1 while a lane keeps all its events and only probes',
    labels: ['lane'],
  },
  wal: { name: 'warren_wal_bytes', help: "The size of the database's WAL", labels: [] },
} as const satisfies Record<string, Metric>
