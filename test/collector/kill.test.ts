import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { post, timeUuid } from '../support/load.ts'
import { freshFolder, startCli, type CliProcess } from '../support/processes.ts'
import { startSandbox, towards, type TestSandbox } from '../support/sandbox.ts'

const ROUNDS = 20
const ACKNOWLEDGED_A_ROUND = 1000
const CALLERS = 16
const EVENTS_A_REQUEST = 10
/** The forwarder's, a lane. */
const MAX_CALLS_IN_FLIGHT = 4

let folder: ReturnType<typeof freshFolder>
let sandbox: TestSandbox
let collector: CliProcess | undefined
beforeEach(async () => {
  folder = freshFolder()
  sandbox = await startSandbox()
})
afterEach(async () => {
  if (collector?.child.exitCode === null) await collector.end('SIGKILL')
  await sandbox.close()
  folder.remove()
})

const start = () => startCli(['serve', '--port', '0', '--db', join(folder.path, 'warren.db')], towards(sandbox))

it(
  `delivers every acknowledged event over ${ROUNDS} kills under load, and repeats only what a kill left in doubt`,
  { timeout: 240_000 },
  async () => {
    const acknowledged = new Set<string>()
    /** Events of calls that a kill left without a recorded answer. */
    const inDoubt = new Set<string>()
    let killedInFlight = 0

    for (let round = 0; round < ROUNDS; round++) {
      collector = await start()
      const { url } = collector
      const firstCall = sandbox.calls.length
      // Slow answers, kept before and after the wait, so that a kill meets calls in both conditions.
      await sandbox.script({ kind: 'slow', ms: 150, store: round % 4 < 2 ? 'before' : 'after', times: 10_000 })
      const before = acknowledged.size
      let isOver = false
      const callers = Array.from({ length: CALLERS }, async () => {
        while (!isOver) {
          const uuids = Array.from({ length: EVENTS_A_REQUEST }, timeUuid)
          for (const uuid of await post(url, uuids)) acknowledged.add(uuid)
        }
      })
      await expect
        .poll(() => acknowledged.size - before, { timeout: 20_000, interval: 5 })
        .toBeGreaterThanOrEqual(ACKNOWLEDGED_A_ROUND)
      // Half the kills wait for a call in flight; the others come at any moment.
      if (round % 2 === 0)
        await expect.poll(() => sandbox.calls.some(({ isOpen }) => isOpen), { interval: 1 }).toBe(true)
      if (sandbox.calls.some(({ isOpen }) => isOpen)) killedInFlight++
      await collector.end('SIGKILL')
      isOver = true
      await Promise.all(callers)
      // At most four calls are in flight, and one counts as such until its answer is recorded. All answers take the
      // same time, so what a life left unrecorded is among twice as many of its last calls.
      for (const { uuids } of sandbox.calls.slice(firstCall).slice(-2 * MAX_CALLS_IN_FLIGHT)) {
        for (const uuid of uuids) inDoubt.add(uuid)
      }
      await expect.poll(() => sandbox.calls.every(({ isOpen }) => !isOpen)).toBe(true)
      await sandbox.clearFaults()
    }

    collector = await start()
    await expect
      .poll(
        async () => {
          const delivered = new Set((await sandbox.events()).events.map(({ uuid }) => uuid))
          return [...acknowledged].filter((uuid) => !delivered.has(uuid)).length
        },
        { timeout: 60_000, interval: 200 },
      )
      .toBe(0)
    const { events, repeats } = await sandbox.events()
    const unexplained = events.filter(({ count, uuid }) => count > 1 && !inDoubt.has(uuid))
    console.log(
      JSON.stringify({
        rounds: ROUNDS,
        acknowledged: acknowledged.size,
        delivered: events.length,
        repeats,
        killedInFlight,
      }),
    )
    expect(acknowledged.size).toBeGreaterThanOrEqual(ROUNDS * ACKNOWLEDGED_A_ROUND)
    expect(unexplained).toEqual([])
    expect(killedInFlight).toBeGreaterThanOrEqual(ROUNDS / 2)
    expect(await collector.end('SIGTERM')).toBe(0)
  },
)
