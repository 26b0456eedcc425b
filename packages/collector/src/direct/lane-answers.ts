import { MAX_RETRY_AFTER_MS } from '@warren/protocol'
import type { Outcome } from '@warren/rabbitpre'
import type { Halt } from '../forward/halt.ts'
import type { Item, LaneEnd, LaneWork, Trouble } from './deliver-lane.ts'
import { HALT_AT, type Refusal } from './evidence.ts'
import type { SearchPlan } from './search-plan.ts'

/** What each answer of the platform does: the table in `deliver-lane.ts`. */
export interface LaneAnswers {
  /** Gives what ends the work on the lane, if it does. */
  take(call: Called): Trouble | undefined
}

export interface Called {
  piece: readonly Item[]
  outcome: Outcome
  /** Milliseconds since 1970. */
  startedAt: number
  /** The halt that this call probes. */
  halt: Halt | undefined
}

interface Progress {
  plan: SearchPlan<Item>
  /** Those that are still to be looked at by this request. */
  suspects: Item[]
  end: LaneEnd
}

/** Characters of the platform's words that are kept and told. */
const MAX_WORDS = 300

type Refused = Extract<Outcome, { kind: 'refused' | 'tooLarge' }>
type Stopped = Extract<Outcome, { kind: 'unauthorised' | 'misconfigured' }>

export function laneAnswers(
  { lane, gate, upstream: { credentials }, telemetry, now }: LaneWork,
  { plan, suspects, end }: Progress,
): LaneAnswers {
  const { evidence, stops, fuse } = gate

  function delivered({ piece, halt }: Called): undefined {
    fuse.succeeded()
    gate.isSpared = halt !== undefined
    if (halt) stops.end(credentials)
    evidence.delivered(piece)
    telemetry.count('delivered', { lane }, piece.length)
    plan.delivered(piece)
    end.delivered.push(...piece)
  }

  function refused({ piece, startedAt, halt }: Called, refusal: Refusal): Trouble | undefined {
    plan.refused(piece)
    if (piece.length > 1) telemetry.count('resent', { lane, cause: 'bisected' }, piece.length)
    if (evidence.isIll(refusal.code)) {
      fuse.failed(startedAt)
      halt?.probed(halt.words)
      if (!halt && fuse.openUntil <= now()) return undefined
      telemetry.log('warn', 'calls were not taken; their events wait', { lane, words: refusal.words })
      return { kind: 'unwell', waitMs: undefined, isWide: false }
    }
    fuse.succeeded()
    const [item] = piece
    return piece.length > 1 || !item ? undefined : refusedAlone(item, refusal, halt)
  }

  function refusedAlone(item: Item, refusal: Refusal, halt: Halt | undefined): Trouble | undefined {
    const { code, words } = refusal
    const finding = evidence.refusedAlone(item, refusal)
    if (halt && halt === stops.lane) {
      // Remembered for the day when it passes; nothing is refused for good in a halt.
      halt.probed(words, { key: item.eventKey })
      return closedFor(halt)
    }
    // The credentials work; what is wrong is another matter.
    if (halt) stops.end(credentials)
    if (evidence.refusedInARow >= HALT_AT && !gate.isSpared) {
      stops.haltLane(`every event is refused: ${words}`, [item.eventKey])
      return closedFor(stops.lane)
    }
    if (finding === 'again') suspects.unshift(item)
    if (finding === 'final') {
      evidence.conclude(item.name)
      telemetry.log('warn', 'an event is refused for good; its sender is told', { lane, code, words })
      end.refused.push({ item, words })
    }
    return undefined
  }

  function unavailable(
    { piece, startedAt, halt }: Called,
    { words, retryAfterMs, isInDoubt }: Extract<Outcome, { kind: 'unavailable' }>,
  ): Trouble {
    if (isInDoubt) telemetry.count('resent', { lane, cause: 'in_doubt' }, piece.length)
    telemetry.log('warn', 'a call was not taken; its events wait', { lane, words })
    fuse.failed(startedAt, retryAfterMs)
    halt?.probed(halt.words, retryAfterMs === undefined ? {} : { retryAfterMs })
    return { kind: 'unwell', waitMs: retryAfterMs && Math.min(retryAfterMs, MAX_RETRY_AFTER_MS), isWide: true }
  }

  function stopped({ halt }: Called, outcome: Stopped): Trouble {
    // Where it is the other kind of trouble than the one that was probed, both are in force.
    if (halt && (outcome.kind === 'misconfigured') !== (halt === stops.lane)) halt.probed(halt.words)
    stops.stopFor(outcome, credentials, halt)
    return { ...closedFor(stops.current(credentials)), isWide: true }
  }

  function closedFor(halt: Halt | undefined): Trouble {
    return { kind: 'closed', waitMs: halt && halt.nextAt - now(), isWide: false }
  }

  return {
    take(call) {
      const { outcome } = call
      switch (outcome.kind) {
        case 'delivered':
          return delivered(call)
        case 'refused':
        case 'tooLarge':
          return refused(call, readRefusal(outcome))
        case 'unavailable':
          return unavailable(call, outcome)
        case 'unauthorised':
        case 'misconfigured':
          return stopped(call, outcome)
      }
    },
  }
}

function readRefusal(outcome: Refused): Refusal {
  const isSize = outcome.kind === 'tooLarge'
  return { code: isSize ? 'http_413' : outcome.code, words: outcome.words.slice(0, MAX_WORDS), isSize }
}
