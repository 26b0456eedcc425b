import { COUNTERS, DURATIONS, type Metric } from '../metrics.ts'
import type { Telemetry } from '../telemetry.ts'

/**
 * Everything counted, by Prometheus' own name of each series: `warren_batches_total{source="shop",status="200"}`. Tallies
 * of several isolates are added member by member, histograms among them.
 */
export type Tally = Record<string, number>

export interface TallyTelemetry extends Telemetry {
  /** What has been counted since the last `take`, or so far. */
  tally(): Tally
  /** The same, and begins at nothing again. */
  take(): Tally
  /** What was taken, and could not be handed on, counts here again. */
  giveBack(taken: Tally): void
}

/** Counts into a {@link Tally}: for runtimes where no one process sees everything. */
export function tallyTelemetry(log: Telemetry['log']): TallyTelemetry {
  let tally: Tally = {}

  function add(series: string, by: number): void {
    tally[series] = (tally[series] ?? 0) + by
  }

  return {
    log,
    count: (name, labels, by = 1) => add(seriesName(COUNTERS[name], labels), by),
    observe(name, labels, ms) {
      const metric = DURATIONS[name]
      const seconds = ms / 1000
      for (const bucket of metric.buckets) {
        add(seriesName(metric, labels, '_bucket', String(bucket)), seconds <= bucket ? 1 : 0)
      }
      add(seriesName(metric, labels, '_bucket', '+Inf'), 1)
      add(seriesName(metric, labels, '_sum'), seconds)
      add(seriesName(metric, labels, '_count'), 1)
    },
    tally: () => ({ ...tally }),
    take() {
      const taken = tally
      tally = {}
      return taken
    },
    giveBack: (taken) => addTally(tally, taken),
  }
}

/** Adds one tally to another. */
export function addTally(to: Tally, more: Tally): void {
  for (const [series, value] of Object.entries(more)) to[series] = (to[series] ?? 0) + value
}

/** A series as Prometheus writes it. */
export function seriesName(metric: Metric, labels: object, suffix = '', le?: string): string {
  const values = labels as Record<string, string>
  const pairs = metric.labels.map((label) => `${label}="${escapeLabel(values[label] ?? '')}"`)
  if (le !== undefined) pairs.unshift(`le="${le}"`)
  return `${metric.name}${suffix}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''}`
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`))
}
