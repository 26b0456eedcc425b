import type { EventQueue } from '../queue/ports.ts'

/** What is learnt of refusals is written down this often at the most; halts and parked keys at once. */
const NOTE_EVERY_MS = 1000

/** Keeps a lane's note beside the queue, when it has changed and it is time. */
export interface NoteKeeper {
  changed(isUrgent?: boolean): void
  /** Writes it where it is time, gives when it will be where it is not. @throws where the queue cannot. */
  keep(): Promise<number | undefined>
}

export function noteKeeper(lane: string, queue: EventQueue, now: () => number, write: () => string): NoteKeeper {
  let isDirty = false
  let dueAt = 0
  let kept = ''
  return {
    changed(isUrgent = false) {
      isDirty = true
      if (isUrgent) dueAt = 0
    },
    async keep() {
      if (!isDirty) return undefined
      if (dueAt > now()) return dueAt
      dueAt = now() + NOTE_EVERY_MS
      const text = write()
      // What changes while it is being written is for the next time.
      isDirty = false
      try {
        if (text !== kept) await queue.settle([], new Map([[lane, text]]))
      } catch (error) {
        isDirty = true
        throw error
      }
      kept = text
      return undefined
    },
  }
}
