import type { OutgoingEvent } from '@warren/rabbitpre'
import type { Telemetry } from '../telemetry.ts'
import { MAX_CALL } from '../forward/due.ts'
import type { Upstream } from '../forward/forwarder.ts'
import type { Halt } from '../forward/halt.ts'
import type { Evident } from './evidence.ts'
import { laneAnswers } from './lane-answers.ts'
import type { LaneGate } from './lane-gate.ts'
import type { RequestBudget } from './request-budget.ts'
import { searchPlan } from './search-plan.ts'
import { sha256 } from './sha256.ts'

/**
 * One request's work on one lane: calls until its events are delivered, the platform is in trouble, or no call is left.
 *
 * | answer | to a piece | to an event alone |
 * |---|---|---|
 * | delivered | accepted | accepted; if it was a suspect, its code means illness |
 * | unavailable | the end: the rest is to be sent again | the same |
 * | refused under an ill code | searched, and the end after three in a row | waits, and is no suspect |
 * | unauthorised, misconfigured | the end, and a halt | the same |
 * | refused, too large | searched: see `search-plan.ts` | a suspect: see `evidence.ts`; eight of them in a row are a halt |
 *
 * A request that finds a halt that is due is its probe: its first call has one event.
 *
 * An ill code is treated as no answer, by the breaker; but as it may be right about an event, too, it must not keep those
 * of the same batch from passing for its 24 hours.
 */
export interface LaneWork {
  lane: string
  gate: LaneGate
  upstream: Upstream
  items: readonly Item[]
  budget: RequestBudget
  /** Calls to leave for others. */
  reserve: number
  telemetry: Telemetry
  now: () => number
  random: () => number
}

/** An event on its way. */
export interface Item extends Evident {
  event: OutgoingEvent
  bytes: number
}

export interface LaneEnd {
  delivered: Item[]
  refused: { item: Item; words: string }[]
  /** Why the rest was left, where it is for no single event's sake. */
  trouble?: Trouble
  /** Nothing but suspects is left; when the first of them may be looked at again, in milliseconds from now. */
  suspectsDueMs?: number
}

export interface Trouble {
  kind: 'closed' | 'calls used up' | 'unwell'
  /** What the platform said, or how long its halt lasts at the least. */
  waitMs: number | undefined
  /** It concerns the whole destination: another lane of it would fare no better. */
  isWide: boolean
}

export async function deliverLane(work: LaneWork): Promise<LaneEnd> {
  const { gate, upstream } = work
  const entrance = gate.enter(upstream.credentials)
  const end: LaneEnd = { delivered: [], refused: [] }
  if (!entrance.isOpen) return { ...end, trouble: { kind: 'closed', waitMs: entrance.waitMs, isWide: false } }
  try {
    const trouble = await callAll(work, entrance.probed, end)
    return trouble ? { ...end, trouble } : end
  } finally {
    entrance.leave()
  }
}

async function callAll(work: LaneWork, probed: Halt | undefined, end: LaneEnd): Promise<Trouble | undefined> {
  const { lane, gate, upstream, items, budget, reserve, telemetry, now, random } = work
  const { evidence } = gate
  const isSuspect = ({ name }: Item) => evidence.dueAt(name) !== undefined
  const isDue = ({ name }: Item) => (evidence.dueAt(name) ?? Infinity) <= now()
  const suspects = items.filter(isSuspect)
  const plan = searchPlan(
    items.filter((item) => !isSuspect(item)),
    { max: upstream.maxCall ?? MAX_CALL, isHeld: evidence.isHeld, random },
  )
  const answers = laneAnswers(work, { plan, suspects, end })

  /** What may pass with others first, then what must be alone. */
  function next(): readonly Item[] | undefined {
    const piece = plan.next()
    if (piece) return piece
    // Looked at here, since what was delivered meanwhile may have made them due.
    for (let item = suspects.shift(); item; item = suspects.shift()) if (isDue(item)) return [item]
    const held = plan.nextHeld()
    return held && [held]
  }

  const probe = probed && probeOf(items, probed.refusedKeys, random)
  for (let piece = probe ? [probe] : next(), halt = probed; piece; piece = next(), halt = undefined) {
    if (budget.left <= reserve) return { kind: 'calls used up', waitMs: undefined, isWide: false }
    const [alone] = piece
    if (alone && piece.length === 1) alone.print ??= await contentPrint(alone.event)
    const startedAt = now()
    const outcome = await upstream.send(piece.map(({ event }) => event))
    if (budget.isUsedUp && (outcome.kind === 'unavailable' || outcome.kind === 'unauthorised')) {
      return { kind: 'calls used up', waitMs: undefined, isWide: true }
    }
    telemetry.observe('call', { lane }, now() - startedAt)
    telemetry.count('calls', { lane, outcome: outcome.kind })
    const trouble = answers.take({ piece, outcome, startedAt, halt })
    if (trouble) return trouble
  }
  const dueAts = items.flatMap(({ name }) => evidence.dueAt(name) ?? [])
  if (dueAts.length > 0) end.suspectsDueMs = Math.max(0, Math.min(...dueAts) - now())
  return undefined
}

/** Of all but the time: that is corrected at each receipt, or given there. */
function contentPrint(event: OutgoingEvent & { deviceTime?: number }): Promise<string> {
  return sha256(JSON.stringify({ ...event, time: 0, deviceTime: 0 }))
}

/**
 * The newest of a key that was not refused in the halt: it is the likeliest to pass. Else any one, or a sender whose
 * newest event is bad would probe with that one for ever.
 */
function probeOf(items: readonly Item[], refusedKeys: ReadonlySet<string>, random: () => number): Item | undefined {
  const likeliest = items.findLast(({ eventKey }) => !refusedKeys.has(eventKey))
  return likeliest ?? items[Math.floor(random() * items.length)]
}
