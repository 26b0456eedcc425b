import { haltNote, type Halt, type HaltNote } from './halt.ts'
import type { RefusalsNote } from './refusals-note.ts'
import type { Refusals } from './refusals.ts'

/** What a lane's forwarding must remember beyond the life of its process, as one text beside the queue. */
export interface LaneNote {
  v: 1
  /** The lane's own halt. */
  halt?: HaltNote
  /** That of its credentials. */
  credentialsHalt?: HaltNote
  refusals: RefusalsNote
}

export function writeNote(refusals: Refusals, halt: Halt | undefined, credentialsHalt: Halt | undefined): string {
  const note: LaneNote = {
    v: 1,
    ...(halt ? { halt: haltNote(halt) } : {}),
    ...(credentialsHalt ? { credentialsHalt: haltNote(credentialsHalt) } : {}),
    refusals: refusals.note(),
  }
  return JSON.stringify(note)
}

/** Undefined where there is none, or one that this version cannot read: then all is learnt again. */
export function readNote(text: string | undefined): LaneNote | undefined {
  if (text === undefined) return undefined
  try {
    const note = JSON.parse(text) as LaneNote
    return note.v === 1 ? note : undefined
  } catch {
    // Nothing but this file writes it; a text that is damaged all the same costs knowledge, and no event.
    return undefined
  }
}
