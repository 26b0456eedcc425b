import { afterEach, describe, expect, it } from 'vitest'
import { fixedToken } from '@warren/rabbitpre'
import type { Fault } from '@warren/rabbitpre/sandbox'
import { faultStage, type FaultStage } from '../support/fault-stage.ts'
import { startSandbox, TOKEN, type SeenCall, type TestSandbox } from '../support/sandbox.ts'
import { MOST_EVENTS, NOT_FOUND, REFUSAL, TIMED_FAULTS, WHENS, type TimedFault } from '../support/timed-faults.ts'

/**
 * Every fault of the sandbox at every moment at which a call can meet it, and what became of every event: a good one
 * was delivered, and more than once only where a call had kept it and failed; a bad one is dead, in the platform's
 * words. What may have been kept twice is counted by its cause, to the event.
 */

const BAD_KEY = 'c_bad'

interface Moment {
  /** Of 60 events and these, these have a key that the platform does not know. */
  bad: number
  /** Whether a call meets the fault, until `times` of them did. */
  isHit: (call: SeenCall, place: number) => boolean
  times: number
  /** The first call gets this instead. */
  first?: typeof NOT_FOUND
}

const hasBad = ({ eventKeys }: SeenCall) => eventKeys.includes(BAD_KEY)

const MOMENTS: Record<string, Moment> = {
  'the first call': { bad: 0, isHit: () => true, times: 1 },
  'four calls on end': { bad: 0, isHit: () => true, times: 4 },
  'a good piece in a bisection': { bad: 2, isHit: (call, place) => place > 0 && !hasBad(call), times: 1 },
  'a bad piece in a bisection': { bad: 2, isHit: (call, place) => place > 0 && hasBad(call), times: 1 },
  'a probe after a halt': { bad: 0, isHit: (_, place) => place === 1, times: 1, first: NOT_FOUND },
}

/** Each fault at each of its times. Why there is none at some of them is told once. */
const FAULTS = WHENS.flatMap((when) =>
  Object.entries(TIMED_FAULTS).map(([name, { outcome, played }]) => ({ name, when, outcome, fault: played[when] })),
)
const isPlayed = <Cell extends { fault: Fault | string }>(cell: Cell): cell is Cell & { fault: Fault } =>
  typeof cell.fault !== 'string'
const PLAYED = FAULTS.filter(isPlayed)

describe('there is no such thing as', () => {
  it.skip.each(FAULTS.filter((cell) => !isPlayed(cell)))('$name, $when its events are kept: $fault', () => {})
})

/** Why a moment cannot meet a fault that is played elsewhere. */
function whyNot(moment: string, { outcome, fault, when }: (typeof PLAYED)[number]): string | undefined {
  if (moment === 'a probe after a halt' && fault.kind === 'limit')
    return 'a probe is one event, and no limit is smaller'
  if (moment === 'four calls on end' && outcome === 'delivered') return 'one call has delivered all'
  if (moment !== 'a bad piece in a bisection') return undefined
  if (outcome === 'delivered') return 'the platform does not take it'
  return when === 'before' ? undefined : 'a platform that does not know an event does not keep it'
}

/** No answer comes, or not in time. */
const isLate = ({ kind }: Fault, outcome: TimedFault['outcome']) =>
  kind === 'hang' || (kind === 'slow' && outcome === 'unavailable')

let sandbox: TestSandbox
let stage: FaultStage
afterEach(async () => {
  await stage.close()
  await sandbox.close()
})

const sum = (calls: readonly SeenCall[]) => calls.reduce((total, { uuids }) => total + uuids.length, 0)

describe.each(Object.entries(MOMENTS))('%s meets', (moment, { bad, isHit, times, first }) => {
  const cells = PLAYED.map((cell) => ({ ...cell, why: whyNot(moment, cell) }))
  it.skip.each(cells.filter(({ why }) => why !== undefined))('$name, $when its events are kept: $why', () => {})

  it.each(cells.filter(({ why }) => why === undefined))(
    '$name, $when its events are kept',
    async ({ fault, outcome }) => {
      let place = 0
      const hit: SeenCall[] = []
      sandbox = await startSandbox({
        faultOf(call) {
          const at = place++
          const isOver = fault.kind !== 'limit' || call.uuids.length > MOST_EVENTS
          if (hit.length < times && isOver && isHit(call, at)) {
            hit.push(call)
            if (isLate(fault, outcome)) stage.giveUp(call.uuids[0] ?? '')
            return fault
          }
          return hasBad(call) ? REFUSAL : at === 0 ? first : undefined
        },
      })
      stage = await faultStage(sandbox, () => fixedToken(TOKEN))
      const good = await stage.put(40, 'c_buy')
      const wrong = bad > 0 ? await stage.put(bad, BAD_KEY) : []
      good.push(...(await stage.put(20, 'c_share')))
      good.push(...(await stage.drain()))
      expect(hit).toHaveLength(times)

      // The end of every event.
      const letters = await stage.dead()
      expect(letters.map(({ uuid, code, words }) => ({ uuid, code, words })).toSorted(byUuid)).toEqual(
        wrong.map((uuid) => ({ uuid, code: '100400', words: expect.stringContaining('not defined') })).toSorted(byUuid),
      )
      const { events, repeats } = await sandbox.events()
      const counts = new Map(events.map(({ uuid, count }) => [uuid, count]))
      const failedAndKept = outcome === 'delivered' ? [] : hit.filter(({ isKept }) => isKept)
      const most = (uuid: string) => 1 + failedAndKept.filter(({ uuids }) => uuids.includes(uuid)).length
      expect(good.filter((uuid) => !counts.has(uuid))).toEqual([])
      expect(events.filter(({ uuid, count }) => count > most(uuid))).toEqual([])
      expect(wrong.filter((uuid) => counts.has(uuid))).toEqual([])

      // What was sent again, by its cause.
      const refused = sandbox.calls.filter(
        (call) => call.fault === REFUSAL || (outcome === 'refused' && hit.includes(call)),
      )
      const batches = refused.filter(({ uuids }) => uuids.length > 1)
      const lone = hit.filter((call) => outcome === 'refused' && call.uuids.length === 1)
      expect(stage.resent).toEqual({ in_doubt: outcome === 'unavailable' ? sum(hit) : 0, bisected: sum(batches) })
      expect(repeats).toBeLessThanOrEqual(
        stage.resent.in_doubt + sum(batches.filter((call) => hit.includes(call))) + sum(lone),
      )
    },
  )
})

const byUuid = (a: { uuid: string }, b: { uuid: string }) => (a.uuid < b.uuid ? -1 : 1)
