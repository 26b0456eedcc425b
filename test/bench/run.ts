import { benchBacklog } from './collector-backlog.ts'
import { benchDelivery } from './collector-delivery.ts'
import { benchIngest } from './collector-ingest.ts'
import { benchOnce } from './collector-once.ts'
import { benchEdge } from './edge.ts'
import { benchTabs } from './tracker-tabs.ts'
import { benchTracker } from './tracker.ts'

/** The benches, by the name that asks for one alone: `pnpm bench ingest`. */
const BENCHES: Record<string, () => AsyncGenerator<object>> = {
  tracker: benchTracker,
  tabs: benchTabs,
  ingest: benchIngest,
  delivery: benchDelivery,
  once: benchOnce,
  backlog: benchBacklog,
  edge: benchEdge,
}

/** Names for several. */
const GROUPS: Record<string, readonly string[]> = {
  collector: ['ingest', 'delivery', 'once', 'backlog'],
}

const asked = process.argv.slice(2).filter((word) => word !== '--')
const names = asked.length > 0 ? asked.flatMap((word) => GROUPS[word] ?? [word]) : Object.keys(BENCHES)

/** Every figure as one line of JSON, with its budget and a ratio measured in the same run. */
for (const name of names) {
  const bench = BENCHES[name]
  if (!bench) throw new Error(`no bench ${name}: there are ${Object.keys({ ...BENCHES, ...GROUPS }).join(', ')}`)
  for await (const line of bench()) console.log(JSON.stringify(line))
}
