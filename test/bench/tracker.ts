import { launchLoopbackChromium } from './loopback-chromium.ts'
import { median, round } from './statistics.ts'
import { burstOf, type Burst } from './tracker-burst.ts'
import { callsInTasks } from './tracker-calls.ts'
import { startContenders, type Contender } from './tracker-contenders.ts'
import { against, figure, ratioOf, type Figure, type PeerFigure } from './tracker-figures.ts'
import { onFreshPage } from './tracker-page.ts'
import { tasksOfBurst, type BurstTasks } from './tracker-tasks.ts'

/** Fresh pages a figure is measured on; its median counts. */
const RUNS = 5
const TRACK_BUDGET_US = 10
const BURST_BUDGET_MS = 100
/** One frame of a screen at 60 Hz. */
const TASK_BUDGET_MS = 16

/**
 * Calls of a fresh page: what is promised of ours, and so many as each peer can take. Two rewrite their whole queue for
 * each event, and 10,000 took one of them more than three minutes.
 */
const CALLS = 10_000
const CALLS_BESIDE = 1000

const TRACK = 'track() on the main thread, mean of the first 10,000 calls'
const TRACK_BESIDE = 'track() on the main thread, mean of the first 1,000 calls'
const BURST = 'main-thread work for a burst of 1,000 events'
const TASK = 'longest task of its own in a burst of 1,000 events, on a processor 4 times slower'
const SCRIPT = 'script, brotli'

/** What is measured of every tracker, round by round. */
interface Rounds {
  contender: Contender
  track: number[]
  bursts: Burst[]
}

/**
 * The trackers' cost to a page in Chromium, each sending to another origin: ours to a real collector, and others beside
 * it, one after the other in each round.
 *
 * - `track()` as the mean of the first calls of a fresh page, in tasks of 100, with arguments of about 600 bytes;
 * - the whole of the main thread's work for a burst of 1,000 events, until all are answered;
 * - on a slowed processor, the longest task that such a burst makes for a page beside the one that tracks it.
 */
export async function* benchTracker(): AsyncGenerator<Figure | PeerFigure> {
  const { ours, peers, close } = await startContenders()
  const browser = await launchLoopbackChromium()
  try {
    const baseline: number[] = []
    const track: number[] = []
    const tasks: BurstTasks[] = []
    const beside: Rounds[] = [ours, ...peers].map((contender) => ({ contender, track: [], bursts: [] }))
    for (let run = 0; run < RUNS; run++) {
      baseline.push(await onFreshPage(browser, ours, (page) => callsInTasks(page, CALLS, 'stringify')))
      track.push(await onFreshPage(browser, ours, (page) => callsInTasks(page, CALLS)))
      tasks.push(await onFreshPage(browser, ours, (page) => tasksOfBurst(page, ours)))
      for (const { contender, track, bursts } of beside) {
        track.push(await onFreshPage(browser, contender, (page) => callsInTasks(page, CALLS_BESIDE)))
        bursts.push(await onFreshPage(browser, contender, (page) => burstOf(page, contender)))
      }
    }
    const [own, ...others] = beside
    if (!own) return
    yield { ...figure(TRACK, 'µs', track, TRACK_BUDGET_US), againstBaseline: ratioOf(track, baseline) }
    yield { ...figure(BURST, 'ms', own.bursts.map(workOf), BURST_BUDGET_MS), ...arrivedIn(own.bursts) }
    yield { ...figure(TASK, 'ms', tasks.map(longestOf), TASK_BUDGET_MS), ...besideOwn(tasks) }
    for (const { contender, track, bursts } of others) {
      yield against(contender, TRACK_BESIDE, 'µs', track, own.track)
      yield { ...against(contender, BURST, 'ms', bursts.map(workOf), own.bursts.map(workOf)), ...arrivedIn(bursts) }
      yield against(contender, SCRIPT, 'B', [contender.brotliBytes], [ours.brotliBytes])
    }
  } finally {
    await browser.close()
    await close()
  }
}

const workOf = ({ workMs }: Burst): number => workMs
const longestOf = ({ ownMs }: BurstTasks): number => ownMs

/** How much of the bursts came, and in how many requests: the fewest events, and the median of requests. */
function arrivedIn(bursts: readonly Burst[]): object {
  return {
    events: Math.min(...bursts.map(({ events }) => events)),
    requests: median(bursts.map(({ requests }) => requests)),
  }
}

/** What the traces tell beside the longest task, each a median. */
function besideOwn(tasks: readonly BurstTasks[]): object {
  const medianOf = (name: keyof BurstTasks): number => round(median(tasks.map((task) => task[name])))
  return {
    cpuMs: medianOf('ownCpuMs'),
    tasks: medianOf('own'),
    afterHostMs: medianOf('afterHostMs'),
    hostMs: medianOf('hostMs'),
    anyMs: medianOf('anyMs'),
  }
}
