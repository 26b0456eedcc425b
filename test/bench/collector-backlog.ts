import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freshFolder } from '../support/processes.ts'
import { copyDatabase, fillBacklog } from './collector-backlog-file.ts'
import { startBenchCollector, startUpstream, type BenchUpstream } from './collector-servers.ts'
import type { UpstreamCall } from './collector-upstream.ts'
import { median, round, sum } from './statistics.ts'

const LANE = 'default/unmatched'
const MANY = 10_000_000
const FEW = 10_000
/** Of the many: enough to tell what one costs. */
const MEASURED = 500_000
const RUNS = 5

/** What ten million events that wait cost: memory, time for each, and time to ready after a restart. */
export async function* benchBacklog(): AsyncGenerator<object> {
  const folder = freshFolder()
  const upstream = await startUpstream()
  try {
    const few = join(folder.path, 'few.db')
    const many = join(folder.path, 'many.db')
    await fillBacklog(few, LANE, FEW)
    await fillBacklog(many, LANE, MANY)

    const manyRuns: Run[] = []
    const fewRuns: Run[] = []
    for (let n = 0; n < RUNS; n++) {
      fewRuns.push(await run(copyDatabase(few, join(folder.path, 'run.db')), upstream, FEW))
      // The same database again and again: a kill is what a restart comes after.
      manyRuns.push(await run(many, upstream, MEASURED))
    }
    const readyMs = Math.max(...manyRuns.map((one) => one.readyMs))
    const memoryMb = Math.max(...manyRuns.map((one) => one.memoryMb))
    const cost = median(manyRuns.map((one) => one.usAnEvent)) / median(fewRuns.map((one) => one.usAnEvent))
    yield {
      name: `ready with ${MANY} events behind it, the longest of ${RUNS}`,
      readyMs,
      budgetMs: 2000,
      ratio: round(readyMs / 2000),
    }
    yield {
      name: `memory at its most with ${MANY} events behind it`,
      memoryMb,
      budgetMb: 256,
      ratio: round(memoryMb / 256),
    }
    yield {
      name: `time a delivered event takes, ${MANY} behind it against ${FEW}`,
      ratio: round(cost),
      budget: 1.2,
      usAnEvent: {
        many: round(median(manyRuns.map((one) => one.usAnEvent))),
        few: round(median(fewRuns.map((one) => one.usAnEvent))),
      },
    }
  } finally {
    await upstream.end()
    folder.remove()
  }
}

interface Run {
  /** From the start of the process, Node's own among it. */
  readyMs: number
  /** The most that the process had resident. */
  memoryMb: number
  usAnEvent: number
}

async function run(database: string, upstream: BenchUpstream, events: number): Promise<Run> {
  const startedAt = performance.now()
  const collector = await startBenchCollector(database, upstream.url)
  const { status } = await fetch(`${collector.url}/readyz`)
  const readyMs = Math.round(performance.now() - startedAt)
  if (status !== 200) throw new Error(`the collector is not ready: ${status}`)
  const calls: UpstreamCall[] = []
  while (sum(calls.map((call) => call.events)) < events) {
    await new Promise((later) => setTimeout(later, 50))
    calls.push(...(await upstream.calls()))
  }
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${collector.pid}/status`, 'utf8'))
  await collector.end('SIGKILL')
  const ms = (calls.at(-1)?.at ?? NaN) - (calls[0]?.at ?? NaN)
  const after = sum(calls.slice(1).map((call) => call.events))
  return { readyMs, memoryMb: Math.round(Number(peak?.[1]) / 1024), usAnEvent: (ms * 1000) / after }
}
