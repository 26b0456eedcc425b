import { MAX_DEAD_PAGE, type DeadLetter, type DeadLetters } from '../queue/dead-letters.ts'
import { checkDeadPage } from '../queue/dead-page.ts'
import { QueueFullError } from '../queue/ports.ts'
import { OBJECT_NUMBER_BITS, type SourceObject, type SourceObjects } from './source-objects.ts'

const OBJECTS = 2 ** OBJECT_NUMBER_BITS

/**
 * The dead letters of all objects as one store. A letter's number is that in its object, followed by the object's own:
 * so numbers are one of a kind, a page's end means one place in every object, and within an object the newest come
 * first. Among objects the order is that of these numbers, and not of time.
 */
export function objectDeadLetters(objects: SourceObjects): DeadLetters {
  const outer = (id: number, { number }: SourceObject) => id * OBJECTS + number
  const inner = (id: number) => Math.floor(id / OBJECTS)

  /** These, by the object that holds them; letters of objects that are configured no more are left out. */
  function byObject<Item>(items: readonly Item[], idOf: (item: Item) => number): [SourceObject, Item[]][] {
    return objects.all().flatMap((object): [SourceObject, Item[]][] => {
      const own = items.filter((item) => idOf(item) % OBJECTS === object.number)
      return own.length > 0 ? [[object, own]] : []
    })
  }

  async function sum(counts: Promise<number>[]): Promise<number> {
    return (await Promise.all(counts)).reduce((all, one) => all + one, 0)
  }

  return {
    async list(query, { limit = MAX_DEAD_PAGE, before } = {}) {
      const pages = await Promise.all(
        objects.all().map(async (object) => {
          // The first number of this object's that is not before that one.
          const from = before === undefined ? {} : { before: inner(before + OBJECTS - 1 - object.number) }
          const { letters, next } = await object.stub.deadList(query, { limit, ...from })
          return { letters: letters.map((letter) => ({ ...letter, id: outer(letter.id, object) })), hasMore: next }
        }),
      )
      const found = pages.flatMap(({ letters }) => letters).toSorted((one, other) => other.id - one.id)
      const letters = found.slice(0, limit)
      const last = letters.at(-1)
      const hasMore = found.length > limit || pages.some(({ hasMore }) => hasMore !== undefined)
      return { letters, ...(last && hasMore ? { next: last.id } : {}) }
    },
    async get(id) {
      const [own] = byObject([id], (one) => one)
      if (!own) return undefined
      const [object] = own
      const letter: DeadLetter | undefined = await object.stub.deadGet(inner(id))
      return letter && { ...letter, id }
    },
    async revive(letters) {
      checkDeadPage(letters.length)
      return sum(
        byObject(letters, ({ id }) => id).map(async ([{ stub }, own]) => {
          const revived = await stub.deadRevive(own.map((letter) => ({ ...letter, id: inner(letter.id) })))
          if (revived.kind === 'full') throw new QueueFullError(revived.words)
          return revived.count
        }),
      )
    },
    async discard(ids) {
      checkDeadPage(ids.length)
      return sum(byObject(ids, (id) => id).map(([{ stub }, own]) => stub.deadDiscard(own.map(inner))))
    },
    async totals() {
      const all = (await Promise.all(objects.all().map(({ stub }) => stub.deadTotals()))).flat()
      return [...Map.groupBy(all, ({ lane }) => lane)].map(([lane, some]) => ({
        lane,
        events: some.reduce((count, { events }) => count + events, 0),
        bytes: some.reduce((count, { bytes }) => count + bytes, 0),
      }))
    },
  }
}
