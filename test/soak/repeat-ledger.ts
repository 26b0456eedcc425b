import type { SeenCall } from '../support/sandbox.ts'

/**
 * Why an event reached the platform more than once: by what became of the call that had brought it before.
 *
 * | that call | the repeat's cause |
 * |---|---|
 * | kept its events and was refused as a batch, or was too large | `bisected` |
 * | kept its events and failed otherwise, as it was told to | `fault` |
 * | was answered rightly, by a life that was killed meanwhile, under the platform's eyes | `killInFlight` |
 * | the same, with its answer on the way or not yet recorded | `killUnrecorded` |
 * | anything else: answered rightly, and sent again by the same life or after an orderly stop | `unexplained` |
 *
 * A kill explains no more calls than a lane may have had in flight.
 */
export interface RepeatLedger {
  /** The calls of one life of the collector, in the order of their arrival. */
  life(calls: readonly SeenCall[], end: LifeEnd): void
  /** Repeated events, by cause. */
  readonly repeats: Readonly<Record<RepeatCause, number>>
  /** The calls behind the repeats without a cause, in words. */
  readonly unexplained: ReadonlySet<string>
  /** How often each event was kept. */
  kept(uuid: string): number
  /** Different events that were kept. */
  readonly total: number
}

export interface LifeEnd {
  isKilled: boolean
  /** Calls that waited for their answers when the signal was sent. */
  open: ReadonlySet<SeenCall>
}

export type RepeatCause = 'fault' | 'bisected' | 'killInFlight' | 'killUnrecorded' | 'unexplained'

/** The forwarder's, a lane: a call counts as in flight until its answer is recorded. */
const MAX_CALLS_IN_FLIGHT = 4

interface Life extends LifeEnd {
  /** By lane: calls that are taken to have been unrecorded at the kill. */
  inDoubt: Map<string, Set<SeenCall>>
}

export function repeatLedger(): RepeatLedger {
  const last = new Map<string, { call: SeenCall; life: Life; times: number }>()
  const repeats = { fault: 0, bisected: 0, killInFlight: 0, killUnrecorded: 0, unexplained: 0 }

  const unexplained = new Set<string>()

  function noCause(before: SeenCall, again: SeenCall, why: string): 'unexplained' {
    const { uuids, fault, caller } = before
    unexplained.add(
      `${uuids.length} events kept in life ${caller} (${fault?.kind ?? 'no fault'}), again in ${again.caller}: ${why}`,
    )
    return 'unexplained'
  }

  function cause(before: SeenCall, again: SeenCall, of: Life, life: Life): RepeatCause {
    const { fault, publicParams } = before
    if (fault && fault.kind !== 'slow') return isRefusal(before) ? 'bisected' : 'fault'
    if (of === life) return noCause(before, again, 'within one life')
    if (!of.isKilled) return noCause(before, again, 'after an orderly end')
    const lane = JSON.stringify(publicParams)
    const inDoubt = of.inDoubt.get(lane) ?? new Set()
    of.inDoubt.set(lane, inDoubt.add(before))
    if (inDoubt.size > MAX_CALLS_IN_FLIGHT) return noCause(before, again, `more than ${MAX_CALLS_IN_FLIGHT} calls`)
    return of.open.has(before) ? 'killInFlight' : 'killUnrecorded'
  }

  return {
    repeats,
    unexplained,
    life(calls, end) {
      const life: Life = { ...end, inDoubt: new Map() }
      for (const call of calls) {
        if (!call.isKept) continue
        for (const uuid of call.uuids) {
          const before = last.get(uuid)
          if (before) repeats[cause(before.call, call, before.life, life)]++
          last.set(uuid, { call, life, times: (before?.times ?? 0) + 1 })
        }
      }
    },
    kept: (uuid) => last.get(uuid)?.times ?? 0,
    get total() {
      return last.size
    },
  }
}

/** A call of several events whose answer makes the forwarder look for the bad one. */
function isRefusal({ fault, uuids }: SeenCall): boolean {
  if (uuids.length < 2) return false
  if (fault?.kind === 'refuse') return true
  return fault?.kind === 'status' && fault.status < 500 && !UNAVAILABLE.has(fault.status)
}

/** Statuses under 500 after which the same call is sent again (the contract's table). */
const UNAVAILABLE: ReadonlySet<number> = new Set([408, 425, 429])
