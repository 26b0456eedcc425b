import type { Fault } from '@warren/rabbitpre/sandbox'
import { startSandbox, type SeenCall, type TestSandbox } from './sandbox.ts'
import { MOST_EVENTS, NOT_FOUND, REFUSAL, TIMED_FAULTS, WHENS, type TimedFault } from './timed-faults.ts'

/** The moments at which a call can meet a fault, for collectors with a queue and without; and what may come of it. */

/** The platform does not know it. */
export const BAD_KEY = 'c_bad'

export interface Moment {
  /** Of 60 events and these, these have the key that the platform does not know. */
  bad: number
  /** Whether a call meets the fault, until `times` of them did. */
  isHit: (call: SeenCall, place: number) => boolean
  times: number
  /** The first call gets this instead. */
  first?: typeof NOT_FOUND
}

const hasBad = ({ eventKeys }: SeenCall) => eventKeys.includes(BAD_KEY)

export const MOMENTS: Record<string, Moment> = {
  'the first call': { bad: 0, isHit: () => true, times: 1 },
  'four calls on end': { bad: 0, isHit: () => true, times: 4 },
  'a good piece in a search': { bad: 2, isHit: (call, place) => place > 0 && !hasBad(call), times: 1 },
  'a bad piece in a search': { bad: 2, isHit: (call, place) => place > 0 && hasBad(call), times: 1 },
  'a probe after a halt': { bad: 0, isHit: (_, place) => place === 1, times: 1, first: NOT_FOUND },
}

export interface Cell {
  name: string
  when: (typeof WHENS)[number]
  outcome: TimedFault['outcome']
  fault: Fault
}

/** Each fault at each of its times; or why there is none. */
const FAULTS = WHENS.flatMap((when) =>
  Object.entries(TIMED_FAULTS).map(([name, { outcome, played }]) => ({ name, when, outcome, fault: played[when] })),
)
const isPlayed = (cell: (typeof FAULTS)[number]): cell is Cell => typeof cell.fault !== 'string'

/** Why there is no fault at some times. */
export const UNPLAYED = FAULTS.filter((cell) => !isPlayed(cell))

/** Every fault that is played at a moment, with why the moment cannot meet it where it cannot. */
export function cellsAt(moment: string): (Cell & { why: string | undefined })[] {
  return FAULTS.filter(isPlayed).map((cell) => ({ ...cell, why: whyNot(moment, cell) }))
}

function whyNot(moment: string, { outcome, fault, when }: Cell): string | undefined {
  if (moment === 'a probe after a halt' && fault.kind === 'limit')
    return 'a probe is one event, and no limit is smaller'
  if (moment === 'four calls on end' && outcome === 'delivered') return 'one call has delivered all'
  if (moment !== 'a bad piece in a search') return undefined
  if (outcome === 'delivered') return 'the platform does not take it'
  return when === 'before' ? undefined : 'a platform that does not know an event does not keep it'
}

/** No answer comes, or not in time. */
const isLate = ({ fault, outcome }: Cell) =>
  fault.kind === 'hang' || (fault.kind === 'slow' && outcome === 'unavailable')

/**
 * A sandbox that plays a fault at a moment, and the calls that met it.
 * @param giveUp told the first event of a call whose answer nobody shall wait for.
 */
export async function playAt(
  { isHit, times, first }: Moment,
  cell: Cell,
  giveUp: (uuid: string) => void,
): Promise<{ sandbox: TestSandbox; hit: SeenCall[] }> {
  const hit: SeenCall[] = []
  let place = 0
  const sandbox = await startSandbox({
    faultOf(call) {
      const at = place++
      const isOver = cell.fault.kind !== 'limit' || call.uuids.length > MOST_EVENTS
      if (hit.length < times && isOver && isHit(call, at)) {
        hit.push(call)
        if (isLate(cell)) giveUp(call.uuids[0] ?? '')
        return cell.fault
      }
      return hasBad(call) ? REFUSAL : at === 0 ? first : undefined
    },
  })
  return { sandbox, hit }
}

/** What the sandbox has in the end, held against what may be. */
export interface FaultLedger {
  /** Good events that it does not have. */
  lost: string[]
  /** Events that it has more often than calls kept them and failed. */
  tooOften: { uuid: string; count: number }[]
  /** Bad events that it has. */
  wronglyKept: string[]
  /** What a collector must have counted as sent again, by cause. */
  resent: { in_doubt: number; bisected: number }
  repeats: number
  mostRepeats: number
}

export async function faultLedger(
  { sandbox, hit }: { sandbox: TestSandbox; hit: readonly SeenCall[] },
  { outcome }: Cell,
  { good, wrong }: { good: readonly string[]; wrong: readonly string[] },
): Promise<FaultLedger> {
  const { events, repeats } = await sandbox.events()
  const counts = new Map(events.map(({ uuid, count }) => [uuid, count]))
  const failedAndKept = outcome === 'delivered' ? [] : hit.filter(({ isKept }) => isKept)
  const most = (uuid: string) => 1 + failedAndKept.filter(({ uuids }) => uuids.includes(uuid)).length
  const refused = sandbox.calls.filter(
    (call) => call.fault === REFUSAL || (outcome === 'refused' && hit.includes(call)),
  )
  const batches = refused.filter(({ uuids }) => uuids.length > 1)
  const lone = hit.filter((call) => outcome === 'refused' && call.uuids.length === 1)
  const resent = { in_doubt: outcome === 'unavailable' ? sum(hit) : 0, bisected: sum(batches) }
  return {
    lost: good.filter((uuid) => !counts.has(uuid)),
    tooOften: events.filter(({ uuid, count }) => count > most(uuid)).map(({ uuid, count }) => ({ uuid, count })),
    wronglyKept: wrong.filter((uuid) => counts.has(uuid)),
    resent,
    repeats,
    mostRepeats: resent.in_doubt + sum(batches.filter((call) => hit.includes(call))) + sum(lone),
  }
}

const sum = (calls: readonly SeenCall[]) => calls.reduce((total, { uuids }) => total + uuids.length, 0)

export const byUuid = (a: { uuid: string }, b: { uuid: string }): number => (a.uuid < b.uuid ? -1 : 1)
