import { MAX_DEAD_PAGE, type DeadLetter, type DeadLetters } from '../queue/dead-letters.ts'
import { PARKED_PROBE_MS, type Refusals } from './refusals.ts'

/**
 * The parked keys of a lane, and their way back.
 *
 * | state | leaves when | to |
 * |---|---|---|
 * | parked | a minute is over: its newest dead letter is tried; that is delivered | reviving |
 * | parked | it has no dead letter left (they were discarded or revived by hand) | gone |
 * | reviving | page by page, its dead letters are back in the queue | gone |
 */
export interface ParkedKeys {
  /** Does what needs no call (`more`: there may be more of it), or gives the letter that is to be tried now. */
  due(): Promise<DeadLetter | 'more' | undefined>
  /** When the next one is due. */
  nextAt(): number | undefined
  /** The letter that was tried was delivered. */
  passed(letter: DeadLetter): Promise<void>
  /** It was refused again, in these words. */
  refused(letter: DeadLetter, words: string): void
}

export interface ParkedKeysOptions {
  lane: string
  dead: DeadLetters
  now: () => number
  onRevived: (events: number) => void
}

export function parkedKeys({ lane, dead, now, onRevived }: ParkedKeysOptions, { parked }: Refusals): ParkedKeys {
  /** Letters that were delivered and are still to be taken out: before anything is revived. */
  const delivered = new Set<number>()
  async function takeOut(): Promise<void> {
    const ids = [...delivered]
    if (ids.length === 0) return
    await dead.discard(ids)
    for (const id of ids) delivered.delete(id)
  }

  return {
    async due() {
      await takeOut()
      for (const [eventKey, key] of parked) {
        if (!key.isReviving && key.probeAt > now()) continue
        const query = { lane, eventKey, code: key.code }
        if (key.isReviving) {
          const { letters } = await dead.list(query, { limit: MAX_DEAD_PAGE })
          if (letters.length === 0) parked.delete(eventKey)
          else onRevived(await dead.revive(letters.map(({ id }) => ({ id }))))
          return 'more'
        }
        key.probeAt = now() + PARKED_PROBE_MS
        const [letter] = (await dead.list(query, { limit: 1 })).letters
        if (letter) return letter
        // Somebody has taken them all out: the next event of the key is looked at anew.
        parked.delete(eventKey)
      }
      return undefined
    },
    nextAt() {
      const times = [...parked.values()].map(({ isReviving, probeAt }) => (isReviving ? 0 : probeAt))
      return times.length === 0 ? undefined : Math.min(...times)
    },
    async passed({ id, eventKey }) {
      const key = parked.get(eventKey)
      if (key) key.isReviving = true
      delivered.add(id)
      await takeOut()
    },
    refused({ eventKey }, words) {
      const key = parked.get(eventKey)
      if (key) key.words = words
    },
  }
}
