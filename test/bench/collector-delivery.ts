import { join } from 'node:path'
import { encodeTime } from '@warren/protocol'
import { freshFolder } from '../support/processes.ts'
import { copyDatabase, fillBacklog } from './collector-backlog-file.ts'
import { ORIGIN, SOURCE, startBenchCollector, startUpstream, type BenchUpstream } from './collector-servers.ts'
import type { UpstreamCall } from './collector-upstream.ts'
import { median, quantile, round, sum } from './statistics.ts'

const LANE = 'default/unmatched'
const HALTED_LANE = 'gone/unmatched'
const BACKLOG = 100_000
const PAIRS = 5
/** The most that stays behind a lane while its calls must be full. */
const FEW = 5000
const FULL_EVENTS = 500
const FULL_BYTES = 0.95 * 1024 * 1024
const LONE_EVENTS = 60

/**
 * How well deliveries go: whether calls are full while a lane holds much, what a halted lane costs another, and how
 * long a lone event takes from its receipt to the platform.
 */
export async function* benchDelivery(): AsyncGenerator<object> {
  const folder = freshFolder()
  const upstream = await startUpstream()
  try {
    const alone = join(folder.path, 'alone.db')
    const beside = join(folder.path, 'beside.db')
    await fillBacklog(alone, LANE, BACKLOG)
    copyDatabase(alone, beside)
    await fillBacklog(beside, HALTED_LANE, BACKLOG)
    const run = (database: string) => drain(copyDatabase(database, join(folder.path, 'run.db')), upstream, BACKLOG)

    const full: number[] = []
    const ratios: number[] = []
    const rates: number[] = []
    for (let pair = 0; pair < PAIRS; pair++) {
      const free = await run(alone)
      const hindered = await run(beside)
      full.push(fullPart(free))
      rates.push(rate(free))
      ratios.push(rate(hindered) / rate(free))
    }
    yield { name: `full calls while a lane holds ${FEW} or more`, ratio: round(Math.min(...full)), budget: 0.99 }
    yield {
      name: `deliveries a second beside a lane that is halted with ${BACKLOG} events, against those without it`,
      ratio: round(median(ratios)),
      budget: 0.9,
      deliveriesASecond: Math.round(median(rates)),
      runs: ratios.map(round),
    }
    yield await loneEvents(join(folder.path, 'lone.db'), upstream)
  } finally {
    await upstream.end()
    folder.remove()
  }
}

/** The calls that a collector makes until the platform has so many events. */
async function drain(database: string, upstream: BenchUpstream, events: number): Promise<UpstreamCall[]> {
  const collector = await startBenchCollector(database, upstream.url)
  const calls: UpstreamCall[] = []
  while (sum(calls.map((call) => call.events)) < events) {
    await new Promise((later) => setTimeout(later, 100))
    calls.push(...(await upstream.calls()))
  }
  await collector.end('SIGKILL')
  return calls
}

/** Which part of the calls was full while much was behind them. */
function fullPart(calls: readonly UpstreamCall[]): number {
  let left = sum(calls.map(({ events }) => events))
  let all = 0
  let full = 0
  for (const { events, bytes } of calls) {
    if (left < FEW) break
    all++
    if (events === FULL_EVENTS || bytes >= FULL_BYTES) full++
    left -= events
  }
  return full / all
}

/** Events a second, from the first call's arrival to the last's. */
function rate(calls: readonly UpstreamCall[]): number {
  const ms = (calls.at(-1)?.at ?? NaN) - (calls[0]?.at ?? NaN)
  return (sum(calls.slice(1).map(({ events }) => events)) * 1000) / ms
}

/** One event after the other on a collector that is otherwise idle, at moments that have nothing to do with its own. */
async function loneEvents(database: string, upstream: BenchUpstream): Promise<object> {
  const collector = await startBenchCollector(database, upstream.url)
  const receivedAt = new Map<string, number>()
  for (let n = 0; n < LONE_EVENTS; n++) {
    const time = Date.now()
    const uuid = encodeTime(time) + String(n).padStart(13, '0')
    const body = JSON.stringify({
      v: 1,
      sentAt: time,
      device: 'bench',
      sdk: 'bench/0',
      writers: [{ id: 'w', given: n + 1, dropped: {} }],
      events: [{ uuid, writer: 'w', seq: n, eventKey: 'c_buy', time }],
    })
    const url = `${collector.url}/v1/batch?source=${SOURCE}&d=be`
    const response = await fetch(url, { method: 'POST', body, headers: { origin: ORIGIN } })
    if (response.status !== 200) throw new Error(`a lone event was answered ${response.status}`)
    await response.text()
    receivedAt.set(uuid, performance.timeOrigin + performance.now())
    await new Promise((later) => setTimeout(later, 1300 + Math.random() * 900))
  }
  const delays = (await upstream.calls()).map(({ uuid, at }) => at - (receivedAt.get(uuid ?? '') ?? NaN))
  await collector.end('SIGKILL')
  if (delays.length !== LONE_EVENTS) throw new Error(`${LONE_EVENTS} lone events came in ${delays.length} calls`)
  const p95Ms = Math.round(quantile(delays, 0.95))
  return {
    name: 'a lone event, from its acknowledgement to the platform',
    p95Ms,
    budgetMs: 2000,
    ratio: round(p95Ms / 2000),
  }
}
