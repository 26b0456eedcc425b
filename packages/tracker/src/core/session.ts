import type { Platform } from './platform.ts'

/** A session ends after half an hour without an event: the field's usual bound (PostHog, Amplitude, Google Analytics). */
const IDLE_MS = 30 * 60_000
/** Its note is this much behind, at most: writing it costs more than all of `track()`. */
const KEEP_EVERY_MS = 60_000
const ID_CHARS = 10
const NOTE_KEY = 'session'

interface Note {
  id: string
  /** When it was used, in ms since 1970. */
  at: number
}

export interface Session {
  /** The session of an event of now, which it prolongs. */
  id(now: number): string
  /** Writes down how far it reaches, for other pages. */
  keep(): void
  /** The next event begins another one, unless another page has; everywhere: in any case, and for all pages. */
  end(isEverywhere?: boolean): void
}

/** A visitor's session over all pages: one id, and when it was last used. */
export function createSession({ notebook }: Platform, randomId: (chars: number) => string): Session {
  let id = ''
  let usedAt = 0
  let keptAt = 0
  const isOver = (now: number) => !(Math.abs(now - usedAt) < IDLE_MS)

  return {
    id(now) {
      if (isOver(now)) {
        // Another page may have gone on.
        const note = (notebook.read(NOTE_KEY) || {}) as Partial<Note>
        id = `${note.id}`
        usedAt = note.at as number
        if (isOver(now)) id = randomId(ID_CHARS)
      }
      usedAt = now
      return id
    },
    keep() {
      if (Math.abs(usedAt - keptAt) < KEEP_EVERY_MS) return
      keptAt = usedAt
      notebook.write([[NOTE_KEY, { id, at: usedAt }]])
    },
    end(isEverywhere) {
      usedAt = keptAt = 0
      if (isEverywhere) notebook.write([[NOTE_KEY]])
    },
  }
}
