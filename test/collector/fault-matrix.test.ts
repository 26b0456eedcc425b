import { afterEach, describe, expect, it } from 'vitest'
import { fixedToken } from '@warren/rabbitpre'
import { BAD_KEY, byUuid, cellsAt, faultLedger, MOMENTS, playAt, UNPLAYED } from '../support/fault-moments.ts'
import { faultStage, type FaultStage } from '../support/fault-stage.ts'
import { TOKEN, type TestSandbox } from '../support/sandbox.ts'

/**
 * Every fault of the sandbox at every moment at which a call can meet it, and what became of every event: a good one
 * was delivered, and more than once only where a call had kept it and failed; a bad one is dead, in the platform's
 * words. What may have been kept twice is counted by its cause, to the event.
 */

describe('there is no such thing as', () => {
  it.skip.each(UNPLAYED)('$name, $when its events are kept: $fault', () => {})
})

let sandbox: TestSandbox
let stage: FaultStage
afterEach(async () => {
  await stage.close()
  await sandbox.close()
})

describe.each(Object.entries(MOMENTS))('%s meets', (name, moment) => {
  const cells = cellsAt(name)
  it.skip.each(cells.filter(({ why }) => why !== undefined))('$name, $when its events are kept: $why', () => {})

  it.each(cells.filter(({ why }) => why === undefined))('$name, $when its events are kept', async (cell) => {
    const played = await playAt(moment, cell, (uuid) => stage.giveUp(uuid))
    sandbox = played.sandbox
    stage = await faultStage(sandbox, () => fixedToken(TOKEN))
    const good = await stage.put(40, 'c_buy')
    const wrong = moment.bad > 0 ? await stage.put(moment.bad, BAD_KEY) : []
    good.push(...(await stage.put(20, 'c_share')))
    good.push(...(await stage.drain()))
    expect(played.hit).toHaveLength(moment.times)

    // The end of every event.
    const letters = await stage.dead()
    expect(letters.map(({ uuid, code, words }) => ({ uuid, code, words })).toSorted(byUuid)).toEqual(
      wrong.map((uuid) => ({ uuid, code: '100400', words: expect.stringContaining('not defined') })).toSorted(byUuid),
    )
    const ledger = await faultLedger(played, cell, { good, wrong })
    expect(ledger).toMatchObject({ lost: [], tooOften: [], wronglyKept: [] })

    // What was sent again, by its cause.
    expect(stage.resent).toEqual(ledger.resent)
    expect(ledger.repeats).toBeLessThanOrEqual(ledger.mostRepeats)
  })
})
