import { isAsked } from './dead-facts.ts'
import { MAX_DEAD_PAGE, type DeadLetter, type DeadLetters } from './dead-letters.ts'

/** Dead letters in memory, with what the queue beside them needs: to put letters in, and to take them out. */
export interface MemoryDead extends Pick<DeadLetters, 'list' | 'get' | 'totals'> {
  add(letter: Omit<DeadLetter, 'id'>): void
  /** What there is of these, once each. */
  find(ids: readonly number[]): DeadLetter[]
  remove(letters: readonly DeadLetter[]): void
}

/** @param bytesOf how large an event's line is, in UTF-8. */
export function memoryDead(bytesOf: (json: string) => number): MemoryDead {
  const letters = new Map<number, DeadLetter>()
  let nextId = 1

  return {
    async list(query, { limit = MAX_DEAD_PAGE, before = Infinity } = {}) {
      const asked = [...letters.values()].toReversed().filter((one) => one.id < before && isAsked(one, query))
      const page = asked.slice(0, Math.min(limit, MAX_DEAD_PAGE))
      const last = page.at(-1)
      return { letters: page, ...(last && asked.length > page.length ? { next: last.id } : {}) }
    },
    async get(id) {
      return letters.get(id)
    },
    async totals() {
      const totals = new Map<string, { lane: string; events: number; bytes: number }>()
      for (const { lane, json } of letters.values()) {
        const total = totals.get(lane) ?? { lane, events: 0, bytes: 0 }
        totals.set(lane, { lane, events: total.events + 1, bytes: total.bytes + bytesOf(json) })
      }
      return [...totals.values()]
    },
    add(letter) {
      const id = nextId++
      letters.set(id, { id, ...letter })
    },
    find(ids) {
      return [...new Set(ids)].flatMap((id) => letters.get(id) ?? [])
    },
    remove(gone) {
      for (const { id } of gone) letters.delete(id)
    },
  }
}
