import type { LaneStatus } from '../queue/ports.ts'
import type { LaneReport } from './forwarder.ts'
import { readNote } from './lane-note.ts'

/** A lane as its note tells of it, where no forwarder has looked at it in this life. */
export function notedReport({ lane, events, note }: LaneStatus): LaneReport {
  const noted = readNote(note)
  const halt = noted?.credentialsHalt ?? noted?.halt
  const suspects = noted?.refusals.suspects.length ?? 0
  const parkedKeys = Object.keys(noted?.refusals.parked ?? {})
  return {
    lane,
    state: halt ? 'halted' : 'idle',
    events,
    ...(halt ? { words: halt.words, haltedSince: halt.since } : {}),
    ...(suspects > 0 ? { suspects } : {}),
    ...(parkedKeys.length > 0 ? { parkedKeys } : {}),
  }
}
