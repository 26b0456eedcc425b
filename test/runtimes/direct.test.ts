import { afterEach, describe, expect, it } from 'vitest'
import type { Fault } from '@warren/rabbitpre/sandbox'
import { directStage, type DirectStage } from '../support/direct-stage.ts'
import { cliHomes } from '../support/homes/homes.ts'
import { post, timeUuid } from '../support/load.ts'
import { freshFolder } from '../support/processes.ts'
import { startSandbox, TOKEN, type SeenCall, type TestSandbox } from '../support/sandbox.ts'
import { MOST_EVENTS, NOT_FOUND, REFUSAL, TIMED_FAULTS, WHENS, type TimedFault } from '../support/timed-faults.ts'

/**
 * The collector without a queue, by HTTP: every fault of the sandbox at every moment at which a call can meet it. Nothing
 * is acknowledged that the sandbox did not take, no request makes more than eight calls, a good event arrives, and more
 * than once only where a call had kept it and failed; a bad one is refused in the end, in the platform's words. As
 * `collector/fault-matrix.test.ts` has it for the forwarder.
 */

const BAD_KEY = 'c_bad'
const MOST_CALLS = 8

interface Moment {
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
  'a good piece in a search': { bad: 2, isHit: (call, place) => place > 0 && !hasBad(call), times: 1 },
  'a bad piece in a search': { bad: 2, isHit: (call, place) => place > 0 && hasBad(call), times: 1 },
  'a probe after a halt': { bad: 0, isHit: (_, place) => place === 1, times: 1, first: NOT_FOUND },
}

const FAULTS = WHENS.flatMap((when) =>
  Object.entries(TIMED_FAULTS).map(([name, { outcome, played }]) => ({ name, when, outcome, fault: played[when] })),
)
const isPlayed = <Cell extends { fault: Fault | string }>(cell: Cell): cell is Cell & { fault: Fault } =>
  typeof cell.fault !== 'string'

/** Why a moment cannot meet a fault that is played elsewhere. */
function whyNot(moment: string, { outcome, fault, when }: { outcome: string; fault: Fault; when: string }) {
  if (moment === 'a probe after a halt' && fault.kind === 'limit')
    return 'a probe is one event, and no limit is smaller'
  if (moment === 'four calls on end' && outcome === 'delivered') return 'one call has delivered all'
  if (moment !== 'a bad piece in a search') return undefined
  if (outcome === 'delivered') return 'the platform does not take it'
  return when === 'before' ? undefined : 'a platform that does not know an event does not keep it'
}

/** No answer comes, or not in time. */
const isLate = ({ kind }: Fault, outcome: TimedFault['outcome']) =>
  kind === 'hang' || (kind === 'slow' && outcome === 'unavailable')

let sandbox: TestSandbox
let stage: DirectStage | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
  await sandbox.close()
})

const sum = (calls: readonly SeenCall[]) => calls.reduce((total, { uuids }) => total + uuids.length, 0)
const byUuid = (a: { uuid: string }, b: { uuid: string }) => (a.uuid < b.uuid ? -1 : 1)

describe.each(Object.entries(MOMENTS))('%s meets', (moment, { bad, isHit, times, first }) => {
  const cells = FAULTS.filter(isPlayed).map((cell) => ({ ...cell, why: whyNot(moment, cell) }))
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
            if (isLate(fault, outcome)) stage?.giveUp(call.uuids[0] ?? '')
            return fault
          }
          return hasBad(call) ? REFUSAL : at === 0 ? first : undefined
        },
      })
      stage = await directStage(sandbox)
      const good = stage.put(40, 'c_buy')
      const wrong = bad > 0 ? stage.put(bad, BAD_KEY) : []
      good.push(...stage.put(20, 'c_share'))
      good.push(...(await stage.drain()))
      expect(hit).toHaveLength(times)
      expect(Math.max(...stage.callsARequest)).toBeLessThanOrEqual(MOST_CALLS)

      // The end of every event.
      expect(stage.rejected.toSorted(byUuid)).toEqual(
        wrong.map((uuid) => ({ uuid, words: expect.stringContaining('not defined') })).toSorted(byUuid),
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
      const resent = await stage.resent()
      expect(resent).toEqual({ in_doubt: outcome === 'unavailable' ? sum(hit) : 0, bisected: sum(batches) })
      expect(repeats).toBeLessThanOrEqual(
        resent.in_doubt + sum(batches.filter((call) => hit.includes(call))) + sum(lone),
      )
    },
  )
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
