import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { decodeTime } from '@warren/protocol'
import { deadLetters } from '../support/dead-letters.ts'
import { counter } from '../support/metrics.ts'
import { freshFolder, startCli, type CliProcess } from '../support/processes.ts'
import { startSandbox, towards, type TestSandbox } from '../support/sandbox.ts'
import { steadyLoad } from '../support/steady-load.ts'

const IS_LONG = Boolean(process.env['WARREN_LONG'])
const LOAD_MS = IS_LONG ? 600_000 : 15_000
const EVENTS_A_SECOND = 1000

/** One event in a hundred has a key that nobody has defined on the platform. */
const UNDEFINED = 'c_undefined'
const ONE_IN = 100
const REFUSAL = { kind: 'refuse', code: '100400', msg: `event ${UNDEFINED} is not defined` } as const

/**
 * What finding the key out costs, whatever the length of the load: two bisections of 500 at most, the looks that prove
 * the code and bury the first events. Over ten minutes it is lost in a tenth of the calls.
 */
const CALLS_OF_THE_SEARCH = 60

/** The platform is asked again each minute whether the key passes by now. */
const REVIVED_WITHIN_MS = 90_000

interface Run {
  sandbox: TestSandbox
  collector: CliProcess
  folder: ReturnType<typeof freshFolder>
}

const runs: Run[] = []
afterEach(async () => {
  for (const { sandbox, collector, folder } of runs.splice(0)) {
    if (collector.child.exitCode === null) await collector.end('SIGKILL')
    await sandbox.close()
    folder.remove()
  }
})

const database = ({ folder }: Pick<Run, 'folder'>) => join(folder.path, 'warren.db')
const serve = (run: Pick<Run, 'folder' | 'sandbox'>) =>
  startCli(['serve', '--port', '0', '--db', database(run)], towards(run.sandbox))

/** A collector and its platform, on which the key is not defined until `define` is called. */
async function stage(isAnyUndefined: boolean): Promise<{ run: Run; define: () => void }> {
  let isUndefined = isAnyUndefined
  const folder = freshFolder()
  const sandbox = await startSandbox({
    faultOf: ({ eventKeys }) => (isUndefined && eventKeys.includes(UNDEFINED) ? REFUSAL : undefined),
  })
  const run = { folder, sandbox, collector: await serve({ folder, sandbox }) }
  runs.push(run)
  return { run, define: () => void (isUndefined = false) }
}

/** The load, and the uuids of its events with the key in question. */
async function load({ collector: { url }, sandbox }: Run): Promise<{ acknowledged: Set<string>; odd: Set<string> }> {
  const odd = new Set<string>()
  let made = 0
  const keyOf = (uuid: string) => {
    if (made++ % ONE_IN !== ONE_IN - 1) return `c_key_${made % 7}`
    odd.add(uuid)
    return UNDEFINED
  }
  // What the test needs to know of them it has seen in the calls.
  const forgetting = setInterval(() => void sandbox.forgetEvents(), 5000)
  const acknowledged = await steadyLoad({ url, eventsASecond: EVENTS_A_SECOND, forMs: LOAD_MS, keyOf })
  clearInterval(forgetting)
  return { acknowledged, odd }
}

/** How long each event took from its making to the end of the call that brought it; and how often it came. */
function deliveries({ calls }: TestSandbox): { latencies: Map<string, number>; repeats: number } {
  const latencies = new Map<string, number>()
  let repeats = 0
  for (const { uuids, isKept, endedAt } of calls) {
    if (!isKept) continue
    for (const uuid of uuids) {
      if (latencies.has(uuid)) repeats++
      else latencies.set(uuid, endedAt - (decodeTime(uuid) ?? 0))
    }
  }
  return { latencies, repeats }
}

function percentile95(values: Iterable<number>): number {
  const sorted = [...values].toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length * 0.95)] ?? NaN
}

const settled = ({ collector: { url } }: Run) =>
  expect.poll(() => counter(url, 'warren_queue_events'), { timeout: 120_000, interval: 250 }).toBe(0)

it(
  `one undefined key in ${ONE_IN} events costs its neighbours nothing, at ${EVENTS_A_SECOND} a second for ${LOAD_MS / 1000} s`,
  { timeout: LOAD_MS + 300_000 },
  async () => {
    const { run: control } = await stage(false)
    const { run, define } = await stage(true)
    const [{ acknowledged: controlled }, { acknowledged, odd }] = await Promise.all([load(control), load(run)])
    await Promise.all([settled(control), settled(run)])

    const calls = { control: control.sandbox.calls.length, undefinedKey: run.sandbox.calls.length }
    const plain = deliveries(control.sandbox)
    const mixed = deliveries(run.sandbox)
    const p95Ms = { control: percentile95(plain.latencies.values()), good: percentile95(mixed.latencies.values()) }
    const bad = [...acknowledged].filter((uuid) => odd.has(uuid))
    console.log(
      JSON.stringify({
        seconds: LOAD_MS / 1000,
        acknowledged: acknowledged.size,
        bad: bad.length,
        calls,
        ratio: +(calls.undefinedKey / calls.control).toFixed(3),
        p95Ms,
      }),
    )
    expect(controlled.size).toBeGreaterThan((EVENTS_A_SECOND * LOAD_MS * 0.9) / 1000)
    expect(acknowledged.size).toBeGreaterThan((EVENTS_A_SECOND * LOAD_MS * 0.9) / 1000)
    expect([...controlled].filter((uuid) => !plain.latencies.has(uuid))).toEqual([])
    expect([...acknowledged].filter((uuid) => !odd.has(uuid) && !mixed.latencies.has(uuid))).toEqual([])
    expect(mixed.repeats).toBe(0)
    expect(calls.undefinedKey).toBeLessThanOrEqual(IS_LONG ? 1.1 * calls.control : calls.control + CALLS_OF_THE_SEARCH)
    if (IS_LONG) expect(p95Ms.good).toBeLessThanOrEqual(p95Ms.control + 1000)

    expect(await run.collector.end('SIGTERM')).toBe(0)
    const letters = await deadLetters(database(run))
    expect(new Set(letters.map(({ uuid }) => uuid))).toEqual(new Set(bad))
    expect(letters.filter(({ code, words }) => code !== REFUSAL.code || !words.includes(REFUSAL.msg))).toEqual([])
    // A minute of waiting: the short form leaves it to the forwarder's tests on a fake clock.
    if (!IS_LONG) return

    define()
    run.collector = await serve(run)
    await expect
      .poll(() => counter(run.collector.url, 'warren_dead_letters'), { timeout: REVIVED_WITHIN_MS, interval: 250 })
      .toBe(0)
    await settled(run)
    const all = deliveries(run.sandbox)
    expect([...acknowledged].filter((uuid) => !all.latencies.has(uuid))).toEqual([])
    expect(all.repeats).toBe(0)
  },
)
