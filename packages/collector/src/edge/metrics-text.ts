import { COUNTERS, DURATIONS, GAUGES, type Metric } from '../metrics.ts'
import type { Tally } from './tally.ts'

/** What `/metrics` answers with (the text format, version 0.0.4). */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const TYPES: readonly [string, Readonly<Record<string, Metric>>][] = [
  ['counter', COUNTERS],
  ['histogram', DURATIONS],
  ['gauge', GAUGES],
]

/** A tally as Prometheus reads it: each metric under its help and type, series in the order in which they came. */
export function metricsText(tally: Tally): string {
  const lines: string[] = []
  for (const [type, table] of TYPES) {
    for (const { name, help } of Object.values(table)) {
      const own = new RegExp(`^${name}${type === 'histogram' ? '(_bucket|_sum|_count)' : ''}(\\{|$)`)
      const series = Object.entries(tally).filter(([key]) => own.test(key))
      if (series.length === 0) continue
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
      for (const [key, value] of series) lines.push(`${key} ${value}`)
    }
  }
  return `${lines.join('\n')}\n`
}
