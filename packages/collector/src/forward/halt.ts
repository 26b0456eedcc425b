import { fullJitter } from '@warren/protocol'

/**
 * A stop that keeps every event and ends unaided: it is probed with one event at a time until one is delivered.
 * A lane has its own; the lanes that share credentials share theirs.
 */
export interface Halt {
  readonly since: number
  /** What the upstream said; safe to show. */
  readonly words: string
  /** When the next probe may go. */
  readonly nextAt: number
  /** Keys whose probes were refused in this halt: the next one takes another, where there is one. */
  readonly refusedKeys: ReadonlySet<string>
  /** A probe is under way. */
  isProbing: boolean
  /** A probe did not end it. */
  probed(words: string, options?: { key?: string; retryAfterMs?: number }): void
  /** Something has changed that may cure it: probes begin anew, at once. */
  hurry(): void
}

/** What of a halt outlives a restart: not how long it waits, since whoever restarts may have cured it. */
export interface HaltNote {
  since: number
  words: string
  refusedKeys: string[]
}

const BASE_MS = 1000

/** Keys remembered as refused; more are as good as all. */
const MAX_REFUSED_KEYS = 100

export interface HaltOptions {
  capMs: number
  now: () => number
  random: () => number
}

/** @param from what is known of it: of a new one its words, and keys that were refused already; else its note. */
export function halt({ capMs, now, random }: HaltOptions, from: Pick<HaltNote, 'words'> & Partial<HaltNote>): Halt {
  const since = from.since ?? now()
  const refusedKeys = new Set(from.refusedKeys)
  let said = from.words
  let probes = 0
  let nextAt = now() + fullJitter(probes, BASE_MS, capMs, random)
  return {
    since,
    get words() {
      return said
    },
    get nextAt() {
      return nextAt
    },
    refusedKeys,
    isProbing: false,
    probed(words, { key, retryAfterMs = 0 } = {}) {
      said = words
      if (key !== undefined && refusedKeys.size < MAX_REFUSED_KEYS) refusedKeys.add(key)
      nextAt = now() + Math.max(fullJitter(++probes, BASE_MS, capMs, random), retryAfterMs)
    },
    hurry() {
      probes = 0
      nextAt = now()
    },
  }
}

export function haltNote({ since, words, refusedKeys }: Halt): HaltNote {
  return { since, words, refusedKeys: [...refusedKeys] }
}
