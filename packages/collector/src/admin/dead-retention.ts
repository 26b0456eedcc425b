import type { DeadLetter, DeadLetters } from '../queue/dead-letters.ts'
import type { DiscardCause, Telemetry } from '../telemetry.ts'
import { deadActions } from './dead-actions.ts'
import { oldestLetters } from './oldest-letters.ts'

/** Discards the dead letters that are too old, then the oldest of those that are too many: never in silence. */
export interface DeadRetention {
  /** Looks and discards, so much as one turn may. Never rejects; while one is under way it is the same. */
  run(): Promise<void>
  /** Ends after the piece at hand; resolves then. */
  stop(): Promise<void>
}

export interface DeadRetentionOptions {
  dead: DeadLetters
  telemetry: Telemetry
  /** How long a letter is kept after it died; Infinity: for ever. */
  keepMs: number
  /** How many are kept, of all lanes together; Infinity: all. */
  maxEvents: number
  /** Milliseconds since 1970; for tests. */
  now?: () => number
}

/**
 * Pieces of at most a page in one turn: 100,000 letters. Ours: with a turn each minute it keeps up with 1,600 burials a
 * second, and between two pieces everybody else has theirs.
 */
const MAX_PIECES = 200

interface Tally {
  lane: string
  cause: DiscardCause
  count: number
  oldestDiedAt: number
}

export function deadRetention({
  dead,
  telemetry,
  keepMs,
  maxEvents,
  now = Date.now,
}: DeadRetentionOptions): DeadRetention {
  const oldest = oldestLetters(dead)
  const actions = deadActions({ dead, telemetry })
  let running: Promise<void> | undefined
  let isStopping = false

  /** Of the oldest letters, those that must go; none where all may stay. */
  async function due(): Promise<{ letters: DeadLetter[]; cause: DiscardCause }> {
    const letters = await oldest()
    const tooOld = letters.filter(({ diedAt }) => diedAt < now() - keepMs)
    if (tooOld.length > 0) return { letters: tooOld, cause: 'age' }
    const held = (await dead.totals()).reduce((sum, { events }) => sum + events, 0)
    return { letters: letters.slice(0, Math.max(0, held - maxEvents)), cause: 'count' }
  }

  async function turn(): Promise<void> {
    const tallies = new Map<string, Tally>()
    try {
      for (let piece = 0; piece < MAX_PIECES && !isStopping; piece++) {
        const { letters, cause } = await due()
        if (letters.length === 0) break
        for (const [lane, some] of Map.groupBy(letters, (letter) => letter.lane)) {
          const ids = some.map(({ id }) => id)
          const count = await actions.discard(lane, ids, cause)
          const oldestDiedAt = Math.min(...some.map(({ diedAt }) => diedAt))
          const known = tallies.get(`${cause} ${lane}`)
          if (known) known.count += count
          else tallies.set(`${cause} ${lane}`, { lane, cause, count, oldestDiedAt })
        }
      }
    } catch (error) {
      telemetry.log('error', 'dead letters could not be looked through; they are kept', { error: String(error) })
    } finally {
      for (const { lane, cause, count, oldestDiedAt } of tallies.values()) {
        telemetry.log('warn', `dead letters are discarded: they are too ${cause === 'age' ? 'old' : 'many'}`, {
          lane,
          cause,
          count,
          oldest: new Date(oldestDiedAt).toISOString(),
        })
      }
    }
  }

  return {
    run: () => (running ??= turn().finally(() => (running = undefined))),
    async stop() {
      isStopping = true
      await running
    },
  }
}
