import type { BatchAddEvent } from '../batch-add.ts'
import type { ReadyFault } from './faults.ts'

/**
 * Whose turn it is. Faults are played in the order given, each for its next `times` calls; one that a call does not
 * concern (another interface, no matching event, within the limit, beyond its share) stands aside for the next.
 */
export interface FaultScript {
  /** Adds faults behind those already there. */
  add(faults: readonly ReadyFault[]): void
  clear(): void
  /** The faults still to be played, and for how many calls. */
  left(): ReadyFault[]
  /** The fault for a call; counts it as played. */
  next(call: SandboxCall): ReadyFault | undefined
}

export interface SandboxCall {
  on: ReadyFault['on']
  /** None where the body could not be read. */
  events: readonly BatchAddEvent[]
  /** Of the body. */
  bytes: number
}

interface Waiting {
  fault: ReadyFault
  /** Calls that it concerned, played or not. */
  met: number
}

export function faultScript(): FaultScript {
  let waiting: Waiting[] = []
  return {
    add(faults) {
      for (const fault of faults) {
        const times = fault.times ?? defaultTimes(fault)
        waiting.push({ fault: { ...fault, ...(times === undefined ? {} : { times }) }, met: 0 })
      }
    },
    clear: () => void (waiting = []),
    left: () => waiting.map(({ fault }) => fault),
    next(call) {
      const played = waiting.find((one) => isConcerned(one.fault, call) && isItsShare(one))
      if (!played) return undefined
      const { fault } = played
      if (fault.times !== undefined && --fault.times === 0) waiting = waiting.filter((other) => other !== played)
      return fault
    },
  }
}

function defaultTimes({ kind, share }: ReadyFault): number | undefined {
  return kind === 'refuse' || kind === 'limit' || share !== undefined ? undefined : 1
}

function isConcerned(fault: ReadyFault, { on, events, bytes }: SandboxCall): boolean {
  if (fault.on !== on) return false
  if (fault.kind === 'limit' && bytes <= (fault.maxBytes ?? Infinity) && events.length <= (fault.maxEvents ?? Infinity))
    return false
  const { match } = fault
  return !match || events.some((event) => isMatch(event, match))
}

/** Counts the call, and tells whether the share grows by a whole one with it. */
function isItsShare(one: Waiting): boolean {
  const { share = 1 } = one.fault
  // A tenth, ten times, must be one.
  const whole = (met: number) => Math.floor(met * share + 1e-9)
  return whole(one.met + 1) > whole(one.met++)
}

function isMatch(value: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return value === wanted
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(wanted).every(([key, member]) => isMatch((value as Record<string, unknown>)[key], member))
}
