import type { DeadLetters } from '../queue/dead-letters.ts'
import type { EventQueue, Lease, Settlement } from '../queue/ports.ts'
import type { Telemetry } from '../telemetry.ts'
import type { Caller } from './caller.ts'
import type { CredentialHalts } from './credential-halts.ts'
import type { Upstream } from './forwarder.ts'
import type { NoteKeeper } from './note-keeper.ts'
import type { Recorder } from './recorder.ts'
import type { Refusals } from './refusals.ts'
import type { Stops } from './stops.ts'

export interface LaneOptions {
  lane: string
  queue: EventQueue
  dead: DeadLetters
  upstreamOf: (lane: string) => Upstream | undefined
  credentials: CredentialHalts
  wakeAt: (at: number) => void
  telemetry: Telemetry
  now: () => number
  random: () => number
  /** In flight at once. Default 4. */
  maxCalls?: number
  isStopping: () => boolean
}

/** What the parts of one lane's machine share. */
export interface LaneParts extends LaneOptions {
  known: Refusals
  halts: Stops
  book: Recorder
  notes: NoteKeeper
  calls: Caller
  /** A probe was delivered, and nothing since: a batch that is refused now is bisected, and does not halt again. */
  isSpared: boolean
}

/** Longer than a call with its token fetched anew and its one repetition (80 s), so that no lease ends in its midst. */
export const LEASE_MS = 120_000

/** A lease older than this has no call more: the call could outlive it. */
export const LEASE_USED_MS = 35_000

/** What failed in itself (a full disk, say) is tried again after this, or up to twice as much. */
export const TROUBLE_MS = 1000

/** A lease's events come back together. */
export function sentBack({ id }: Lease, afterMs = 0): Settlement {
  return { lease: id, verdict: 'retry', afterMs }
}
