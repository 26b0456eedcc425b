import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Fault } from '@warren/rabbitpre/sandbox'
import { post, timeUuid } from '../support/load.ts'
import { counter } from '../support/metrics.ts'
import { freshFolder, startCli, type CliProcess } from '../support/processes.ts'
import { startSandbox, towards, type SeenCall, type TestSandbox } from '../support/sandbox.ts'
import { steadyLoad } from '../support/steady-load.ts'

/**
 * A platform that refuses calls whatever is in them, in real time. The forwarder's own tests (`forwarder.refusals`)
 * tell the same on a fake clock; these take minutes, and run with `WARREN_LONG=1` alone.
 */

const IS_LONG = Boolean(process.env['WARREN_LONG'])

const BUSY: Fault = { kind: 'refuse', code: '100500', msg: 'busy' }

/** Refused events are looked at again within 5 minutes. */
const SETTLED_WITHIN_MS = 400_000

let folder: ReturnType<typeof freshFolder>
let sandbox: TestSandbox
let collector: CliProcess
let faultOf: (call: SeenCall) => Fault | undefined
beforeEach(async () => {
  folder = freshFolder()
  faultOf = () => undefined
  sandbox = await startSandbox({ faultOf: (call) => faultOf(call) })
  collector = await startCli(['serve', '--port', '0', '--db', join(folder.path, 'warren.db')], towards(sandbox))
})
afterEach(async () => {
  if (collector.child.exitCode === null) await collector.end('SIGKILL')
  await sandbox.close()
  folder.remove()
})

/** The platform is well again: all arrives, each event once, and nothing is dead. Gives how many seconds that took. */
async function allDelivered(acknowledged: ReadonlySet<string>): Promise<number> {
  faultOf = () => undefined
  const wellAt = Date.now()
  const settled = { timeout: SETTLED_WITHIN_MS, interval: 500 }
  await expect.poll(() => counter(collector.url, 'warren_queue_events'), settled).toBe(0)
  const tookS = (Date.now() - wellAt) / 1000
  const kept = sandbox.calls.filter(({ isKept }) => isKept).flatMap(({ uuids }) => uuids)
  expect(await counter(collector.url, 'warren_dead_letters')).toBe(0)
  expect(await counter(collector.url, 'warren_buried_total')).toBe(0)
  const arrived = new Set(kept)
  expect([...acknowledged].filter((uuid) => !arrived.has(uuid))).toEqual([])
  expect(kept.length).toBe(arrived.size)
  expect(await collector.end('SIGTERM')).toBe(0)
  return tookS
}

it.runIf(IS_LONG)(
  'one that refuses everything for 60 s, over 10,000 queued events and more that arrive, costs 60 calls at most',
  { timeout: 600_000 },
  async () => {
    faultOf = () => BUSY
    const acknowledged = new Set<string>()
    const startedAt = Date.now()
    for (let request = 0; request < 20; request++) {
      for (const uuid of await post(collector.url, Array.from({ length: 500 }, timeUuid))) acknowledged.add(uuid)
    }
    expect(acknowledged.size).toBe(10_000)
    const forMs = 60_000 - (Date.now() - startedAt)
    for (const uuid of await steadyLoad({ url: collector.url, eventsASecond: 100, forMs })) acknowledged.add(uuid)
    const refused = sandbox.calls.length
    expect(await counter(collector.url, 'warren_lane_halted')).toBe(1)
    expect(await counter(collector.url, 'warren_dead_letters')).toBe(0)
    const deliveredAfterS = await allDelivered(acknowledged)
    console.log(
      JSON.stringify({
        acknowledged: acknowledged.size,
        callsIn60s: refused,
        callsAfter: sandbox.calls.length - refused,
        deliveredAfterS,
      }),
    )
    expect(refused).toBeLessThanOrEqual(60)
  },
)

it.runIf(IS_LONG)(
  'one that refuses a third of all calls with one code for 10 minutes buries nothing',
  { timeout: 1_100_000 },
  async () => {
    let calls = 0
    faultOf = () => (++calls % 3 === 0 ? BUSY : undefined)
    const acknowledged = await steadyLoad({ url: collector.url, eventsASecond: 200, forMs: 600_000 })
    const during = sandbox.calls.length
    const waiting = await counter(collector.url, 'warren_queue_events')
    const deliveredAfterS = await allDelivered(acknowledged)
    console.log(
      JSON.stringify({
        acknowledged: acknowledged.size,
        calls: during,
        refused: sandbox.calls.filter(({ fault }) => fault).length,
        waiting,
        deliveredAfterS,
      }),
    )
    expect(acknowledged.size).toBeGreaterThan(100_000)
  },
)
