import type { Page } from 'puppeteer-core'
import { untilArrived } from './tracker-arrival.ts'
import type { Contender } from './tracker-contenders.ts'
import { BURST_EVENTS, HOST_FROM, HOST_TO, scheduleBurst } from './tracker-host.ts'
import { tasksOf, type TraceEvent } from './tracker-trace.ts'

export interface BurstTasks {
  /** The longest task of the tracker's own, in ms. */
  ownMs: number
  /** The most processor time that one of them took, in ms: what of `ownMs` is not the machine's other work. */
  ownCpuMs: number
  /** How many it had. */
  own: number
  /** What the tracker did in the host's task once the host's code had returned, in ms; `ownMs` is without it. */
  afterHostMs: number
  /** The host's task, the calls and what followed them, in ms. */
  hostMs: number
  /** The longest task of any kind but the host's, whoever's it was, in ms: no less than `ownMs`. */
  anyMs: number
}

/** A phone of the middle, as Lighthouse has it: so many times slower than here. */
const SLOWDOWN = 4

const CATEGORIES = [
  '-*',
  // Every task of a thread.
  'disabled-by-default-devtools.timeline',
  // Which script's function a task calls.
  'devtools.timeline',
  // The promises' jobs.
  'v8.execute',
  'blink.user_timing',
]

/** The tasks of a slowed page for a burst of 1,000 events, by a trace from before it until all are answered. */
export async function tasksOfBurst(page: Page, { arrived, scriptUrl }: Contender): Promise<BurstTasks> {
  const cdp = await page.createCDPSession()
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN })
  const { events } = await untilArrived(arrived, 0)
  await page.tracing.start({ categories: CATEGORIES })
  await scheduleBurst(page)
  await untilArrived(arrived, events + BURST_EVENTS)
  const trace = await page.tracing.stop()
  if (!trace) throw new Error('no trace')
  const { traceEvents } = JSON.parse(new TextDecoder().decode(trace)) as { traceEvents: TraceEvent[] }
  const tasks = tasksOf(traceEvents, { scriptUrl, hostFrom: HOST_FROM, hostTo: HOST_TO })
  const longest = (list: readonly { ms: number }[]): number => Math.max(0, ...list.map(({ ms }) => ms))
  const own = tasks.filter(({ isHost, isOwn }) => isOwn && !isHost)
  const host = tasks.filter(({ isHost }) => isHost)
  if (host.length !== 1 || own.length === 0) throw new Error(`${host.length} tasks of the host, ${own.length} own`)
  return {
    ownMs: longest(own),
    ownCpuMs: Math.max(...own.map(({ cpuMs }) => cpuMs)),
    own: own.length,
    afterHostMs: host[0]?.afterHostMs ?? NaN,
    hostMs: longest(host),
    anyMs: longest(tasks.filter(({ isHost }) => !isHost)),
  }
}
