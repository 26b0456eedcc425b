import { benchIngest } from './collector-ingest.ts'
import { benchTracker } from './tracker.ts'

/** The parts of `pnpm bench`, by the name that asks for one alone: `pnpm bench collector`. */
const PARTS: Record<string, readonly (() => AsyncGenerator<object>)[]> = {
  tracker: [benchTracker],
  collector: [benchIngest],
}

const asked = process.argv.slice(2).filter((word) => word !== '--')
const unknown = asked.find((word) => !Object.hasOwn(PARTS, word))
if (unknown !== undefined) throw new Error(`no part ${unknown}: there are ${Object.keys(PARTS).join(', ')}`)

/** Every figure as one line of JSON, with its budget and a ratio measured in the same run. */
for (const part of asked.length > 0 ? asked : Object.keys(PARTS)) {
  for (const bench of PARTS[part] ?? []) {
    for await (const line of bench()) console.log(JSON.stringify(line))
  }
}
