import type { MiniNetwork } from './mini-request.ts'

export interface MiniEvent {
  uuid: string
  writer: string
  seq: number
  eventKey: string
  time: number
  args?: Record<string, unknown>
  identity?: Record<string, string>
}

/** How the line to the collector is. `portal`: something between answers 200 with a page of its own. */
export type MiniLine = 'well' | 'unavailable' | 'unreachable' | 'hang' | 'portal' | 'lost answers'

export interface MiniCollector {
  line: MiniLine
  /** All that arrived, the same event as often as it came. */
  arrived: MiniEvent[]
  /** Every event once, by its uuid. */
  events(): MiniEvent[]
  /** Of each writer, the greatest totals it told. */
  writers: Map<string, { given: number; dropped: Record<string, number> }>
  network: MiniNetwork
}

/** A collector of the test's own, behind a line that the test spoils: for what needs none of a real one's own doing. */
export function miniCollector(): MiniCollector {
  const collector: MiniCollector = {
    line: 'well',
    arrived: [],
    events: () => [...new Map(collector.arrived.map((event) => [event.uuid, event])).values()],
    writers: new Map(),
    async network({ data }) {
      const { line } = collector
      if (line === 'unreachable' || line === 'hang') return line
      if (line === 'unavailable') return { statusCode: 503, header: {}, data: '{}' }
      if (line === 'portal') return { statusCode: 200, header: {}, data: '<html>sign in</html>' }
      const { events, writers } = JSON.parse(String(data)) as {
        events: MiniEvent[]
        writers: { id: string; given: number; dropped: Record<string, number> }[]
      }
      collector.arrived.push(...events)
      for (const { id, given, dropped } of writers) {
        const known = collector.writers.get(id)
        if (!known || known.given <= given) collector.writers.set(id, { given, dropped })
      }
      if (line === 'lost answers') return 'unreachable'
      const answer = { v: 1, accepted: events.length, rejected: [], retry: [] }
      return { statusCode: 200, header: { 'Content-Type': 'application/json' }, data: JSON.stringify(answer) }
    },
  }
  return collector
}
