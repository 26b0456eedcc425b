import type { SeenAnswer, WireBody } from './tracker-line.ts'
import { isTaken } from './tracker-life.ts'
import type { TrackerModel } from './tracker-model.ts'

/**
 * Holds the numbers of writers, as the wire has them, against what the pages were given to track.
 *
 * A writer is not told by the tracker, so that it is known by its events alone: one that sent none has totals that
 * nobody can check here, and is counted as `unseen`. Of the others can be said, always:
 * - an event has one writer, number and device, in every batch, and no other event has them;
 * - `given` of a batch's writer is over the number of each event of it in that batch;
 * - within one page, events of one writer are numbered in the order of `track()`, without a gap but for those that were
 *   not taken. With this each number has its event, also one that never arrived;
 * - of the greatest `given` that the collector has of a writer, each number is an event that was delivered, rejected,
 *   dropped, erased or is exempt: none is unexplained;
 * - the collector has no total of drops greater than the page's own.
 *
 * What cannot be asserted is that `given` and `dropped` are complete at the collector: the last totals of a page travel
 * with its last request, which may have been cut; and what is erased takes its totals along, on purpose. They are held
 * to be equal for the last page of a round, which nothing disturbs.
 */
export interface WriterLedger {
  batch(body: WireBody): void
  answer(answer: SeenAnswer): void
  /** To be called once all is settled. */
  close(): LedgerCounts
  /** What the collector has of the writer of this event. */
  totals(uuid: string): { given: number; dropped: Record<string, number> } | undefined
}

export interface LedgerCounts {
  /** Writers whose totals the collector has, and those of them without an event that was seen. */
  writers: number
  unseen: number
  /** The sum of their greatest `given`, and how it is made up. */
  given: number
  made: Record<string, number>
}

interface Seat {
  writer: string
  seq: number
  device: string
}

export function writerLedger(model: TrackerModel, violate: (text: string) => void): WriterLedger {
  const seats = new Map<string, Seat>()
  const holders = new Map<string, string>()
  const devices = new Map<string, string>()
  const told = new Map<string, { given: number; dropped: Record<string, number> }>()

  function seat(uuid: string, found: Seat) {
    const known = seats.get(uuid)
    const text = ({ writer, seq, device }: Seat) => `${writer}/${seq} on ${device}`
    if (known && text(known) !== text(found)) violate(`${uuid} was ${text(known)}, and is ${text(found)}`)
    const holder = holders.get(`${found.writer}/${found.seq}`)
    if (holder !== undefined && holder !== uuid) violate(`${uuid} and ${holder} are both ${text(found)}`)
    const device = devices.get(found.writer)
    if (device !== undefined && device !== found.device) violate(`writer ${found.writer} is on two devices`)
    seats.set(uuid, found)
    holders.set(`${found.writer}/${found.seq}`, uuid)
    devices.set(found.writer, found.device)
  }

  return {
    batch({ device, writers, events }) {
      for (const { uuid, writer, seq } of events) {
        seat(uuid, { writer, seq, device })
        const given = writers.find(({ id }) => id === writer)?.given ?? 0
        if (given <= seq) violate(`${uuid} has the number ${seq} of ${writer}, which has given ${given}`)
      }
    },

    answer({ body: { writers } }) {
      for (const { id, given, dropped } of writers) {
        const known = told.get(id) ?? { given: 0, dropped: {} }
        known.given = Math.max(known.given, given)
        for (const [reason, total] of Object.entries(dropped))
          known.dropped[reason] = Math.max(known.dropped[reason] ?? 0, total)
        told.set(id, known)
      }
    },

    totals: (uuid) => told.get(seats.get(uuid)?.writer ?? ''),

    close() {
      const counts: LedgerCounts = { writers: told.size, unseen: 0, given: 0, made: {} }
      const seen = new Set<string>()
      for (const life of model.lives.values()) {
        const taken = life.events.filter(isTaken)
        /** Where a writer's number 0 is in the page's events. */
        const firsts = new Map<string, number>()
        taken.forEach(({ uuid }, index) => {
          const seated = seats.get(uuid)
          if (!seated) return
          const first = firsts.get(seated.writer) ?? index - seated.seq
          if (first !== index - seated.seq || first < 0)
            violate(`${life.id}: ${uuid} has the number ${seated.seq}, and is ${index - first} after the first`)
          firsts.set(seated.writer, first)
        })
        for (const [writer, first] of firsts) {
          seen.add(writer)
          const { given = 0, dropped = {} } = told.get(writer) ?? {}
          counts.given += given
          for (let seq = 0; seq < given; seq++) {
            const event = taken[first + seq]
            const state = event ? model.state(event) : 'nobody tracked'
            counts.made[state] = (counts.made[state] ?? 0) + 1
            if (!event) violate(`${life.id}: writer ${writer} gave ${given}, and ${taken.length - first} were tracked`)
          }
          for (const [reason, total] of Object.entries(dropped)) {
            const own = life.dropped.filter((drop) => drop.reason === reason).length
            if (total > own) violate(`${life.id}: writer ${writer} dropped ${total} as ${reason}, the page ${own}`)
          }
        }
      }
      counts.unseen = [...told.keys()].filter((writer) => !seen.has(writer)).length
      return counts
    },
  }
}
