import { benchTracker } from './tracker.ts'

/** `pnpm bench`: every figure as one line of JSON, with its budget and a ratio measured in the same run. */
for await (const line of benchTracker()) console.log(JSON.stringify(line))
