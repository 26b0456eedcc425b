import { afterEach, describe, expect, it } from 'vitest'
import { directStage, type DirectStage } from '../support/direct-stage.ts'
import { BAD_KEY, byUuid, cellsAt, faultLedger, MOMENTS, playAt } from '../support/fault-moments.ts'
import { cliHomes } from '../support/homes/homes.ts'
import { post, timeUuid } from '../support/load.ts'
import { freshFolder } from '../support/processes.ts'
import { startSandbox, TOKEN, type TestSandbox } from '../support/sandbox.ts'
import { REFUSAL } from '../support/timed-faults.ts'

/**
 * The collector without a queue, by HTTP: every fault of the sandbox at every moment at which a call can meet it. Nothing
 * is acknowledged that the sandbox did not take, no request makes more than eight calls, a good event arrives, and more
 * than once only where a call had kept it and failed; a bad one is refused in the end, in the platform's words. As
 * `collector/fault-matrix.test.ts` has it for the forwarder.
 */

const MOST_CALLS = 8

let sandbox: TestSandbox
let stage: DirectStage | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
  await sandbox.close()
})

describe.each(Object.entries(MOMENTS))('%s meets', (name, moment) => {
  const cells = cellsAt(name)
  it.skip.each(cells.filter(({ why }) => why !== undefined))('$name, $when its events are kept: $why', () => {})

  it.each(cells.filter(({ why }) => why === undefined))('$name, $when its events are kept', async (cell) => {
    const played = await playAt(moment, cell, (uuid) => stage?.giveUp(uuid))
    sandbox = played.sandbox
    stage = await directStage(sandbox)
    const good = stage.put(40, 'c_buy')
    const wrong = moment.bad > 0 ? stage.put(moment.bad, BAD_KEY) : []
    good.push(...stage.put(20, 'c_share'))
    good.push(...(await stage.drain()))
    expect(played.hit).toHaveLength(moment.times)
    expect(Math.max(...stage.callsARequest)).toBeLessThanOrEqual(MOST_CALLS)

    // The end of every event.
    expect(stage.rejected.toSorted(byUuid)).toEqual(
      wrong.map((uuid) => ({ uuid, words: expect.stringContaining('not defined') })).toSorted(byUuid),
    )
    const ledger = await faultLedger(played, cell, { good, wrong })
    expect(ledger).toMatchObject({ lost: [], tooOften: [], wronglyKept: [] })

    // What was sent again, by its cause.
    expect(await stage.resent()).toEqual(ledger.resent)
    expect(ledger.repeats).toBeLessThanOrEqual(ledger.mostRepeats)
  })
})

it('a batch of 500 with seven bad events ends with 493 delivered once and seven refused, eight calls a request', async () => {
  const bad = new Set<string>()
  sandbox = await startSandbox({ faultOf: ({ uuids }) => (uuids.some((uuid) => bad.has(uuid)) ? REFUSAL : undefined) })
  stage = await directStage(sandbox)
  const all = stage.put(500, 'c_buy')
  for (const place of [0, 1, 90, 91, 250, 381, 499]) bad.add(all[place] ?? '')
  const trickle = await stage.drain()
  expect(Math.max(...stage.callsARequest)).toBe(MOST_CALLS)
  expect(stage.rejected.map(({ uuid }) => uuid).toSorted()).toEqual([...bad].toSorted())
  for (const { words } of stage.rejected) expect(words).toContain('not defined')
  const { events, repeats } = await sandbox.events()
  expect(repeats).toBe(0)
  expect(new Set(events.map(({ uuid }) => uuid))).toEqual(
    new Set([...all.filter((uuid) => !bad.has(uuid)), ...trickle]),
  )
})

describe('the command line', () => {
  it.each(cliHomes)('serves without a queue on $name', async (home) => {
    sandbox = await startSandbox()
    const folder = freshFolder()
    const running = await home.start({
      folder: folder.path,
      config: { sources: { load: { kind: 'web', origins: ['*'] } } },
      variables: { WARREN_QUEUE: 'none', RABBITPRE_TOKEN: TOKEN, RABBITPRE_BASE_URL: sandbox.url },
    })
    try {
      const uuids = Array.from({ length: 50 }, timeUuid)
      expect(await post(running.url, uuids)).toEqual(uuids)
      // No wait: what is acknowledged is there.
      expect((await sandbox.events()).total).toBe(50)
      expect(await post(running.url, uuids)).toEqual(uuids)
      expect(await sandbox.events()).toMatchObject({ total: 50, repeats: 0 })
    } finally {
      await running.stop()
      folder.remove()
    }
  })
})
