import { expect } from 'vitest'
import type { DeadLetter } from '../dead-letters.ts'
import type { Lease, QueueEntry, Settlement } from '../ports.ts'

interface ModelEvent {
  source: string
  uuid: string
  lane: string
  json: string
  bytes: number
  receivedAt: number
  /** Acknowledged or buried: gone from the queue. */
  isDone: boolean
  /** Returned or leased with these; ready where undefined. */
  batch?: ModelBatch
}

interface ModelBatch {
  /** The last lease that it was handed out under. */
  lease: number
  dueAt: number
  returns: number
  isLeased: boolean
}

interface ModelLease {
  id: number
  places: ModelEvent[]
  sentAway: Set<ModelEvent>
}

interface ModelLetter {
  bytes: number
  letter: Omit<DeadLetter, 'id' | 'eventKey'>
}

/** The queue as a list of events, looked through from its beginning for everything. Knows no expiry. */
export function naiveModel() {
  const seen = new Set<string>()
  let events: ModelEvent[] = []
  let leases: ModelLease[] = []
  let letters: ModelLetter[] = []
  /** By lane that was ever used: its note. */
  const lanes = new Map<string, string | undefined>()
  const open = (lane: string) => events.filter((event) => event.lane === lane && !event.isDone)
  const bytesOf = (list: { bytes: number }[]) => list.reduce((sum, { bytes }) => sum + bytes, 0)
  const use = (lane: string) => lanes.set(lane, lanes.get(lane))

  function put(source: string, { uuid, lane, json, bytes }: QueueEntry, now: number): void {
    seen.add(`${source} ${uuid}`)
    use(lane)
    events.push({ source, uuid, lane, json, bytes, receivedAt: now, isDone: false })
  }

  function hand(handed: ModelEvent[], untilAt: number, given: Lease | undefined, what: string): void {
    const returns = handed[0]?.batch ? handed[0].batch.returns + 1 : 0
    expect(given?.returns, what).toBe(returns)
    const id = given?.id ?? 0
    const batch: ModelBatch = { lease: id, dueAt: untilAt, returns, isLeased: true }
    for (const event of handed) event.batch = batch
    leases.push({ id, places: handed, sentAway: new Set() })
  }

  /** The events that a settlement means, taken alone. */
  function meant({ lease, places }: Settlement): ModelEvent[] {
    const held = leases.find(({ id }) => id === lease)
    if (!held) return []
    const wanted = places?.flatMap((place) => held.places[place] ?? [])
    return (wanted ?? held.places.filter((event) => !held.sentAway.has(event))).filter(({ isDone }) => !isDone)
  }

  return {
    enqueue(source: string, entries: QueueEntry[], now: number) {
      const fresh = entries.filter((entry) => {
        if (seen.has(`${source} ${entry.uuid}`)) return false
        put(source, entry, now)
        return true
      })
      return { fresh: fresh.length, repeated: entries.length - fresh.length }
    },
    lease(
      lane: string,
      max: { events: number; bytes: number },
      untilAt: number,
      now: number,
      given: Lease | undefined,
      what: string,
    ) {
      const dueAt = Math.min(...open(lane).map(({ batch }) => (batch && batch.dueAt <= now ? batch.dueAt : Infinity)))
      const due = new Set(open(lane).flatMap(({ batch }) => (batch && batch.dueAt === dueAt ? [batch] : [])))
      let handed: ModelEvent[] = []
      if (due.size > 0) {
        // Of two that are due at one instant either may come.
        const choices = [...due].map((batch) => open(lane).filter((event) => event.batch === batch))
        const lines = choices.map((list) => list.map(({ json }) => json))
        expect(lines, what).toContainEqual(given?.events)
        handed = choices[lines.findIndex((one) => one.join() === given?.events.join())] ?? []
      } else {
        for (const event of open(lane).filter(({ batch }) => !batch)) {
          if (handed.length >= max.events) break
          if (handed.length > 0 && bytesOf(handed) + event.bytes > max.bytes) break
          handed.push(event)
        }
        if (handed.length === 0) return expect(given, what).toBeUndefined()
        expect(given?.events, what).toEqual(handed.map(({ json }) => json))
      }
      hand(handed, untilAt, given, what)
    },
    probe(
      lane: string,
      unwantedKeys: readonly string[],
      untilAt: number,
      now: number,
      given: Lease | undefined,
      what: string,
    ) {
      const ready = open(lane).filter(({ batch }) => !batch)
      const back = open(lane).filter(({ batch }) => batch && (!batch.isLeased || batch.dueAt <= now))
      const wanted = ({ json }: ModelEvent) =>
        !unwantedKeys.includes((JSON.parse(json) as { eventKey: string }).eventKey)
      const exact = ready.findLast(wanted) ?? (back.some(wanted) ? undefined : ready.at(-1))
      // Of those that have come back any may be the newest.
      const choices = exact ? [exact] : back.some(wanted) ? back.filter(wanted) : back
      if (choices.length === 0) return expect(given, what).toBeUndefined()
      expect(given?.events, what).toHaveLength(1)
      const chosen = choices.find(({ json }) => json === given?.events[0])
      expect(chosen, what).toBeDefined()
      if (chosen) hand([chosen], untilAt, given, what)
    },
    /** One of the last few leases. */
    recent(number: number) {
      const few = leases.slice(-6)
      const one = few[number % (few.length || 1)]
      return one && { id: one.id, size: one.places.length }
    },
    settle(settlements: Settlement[], notes: ReadonlyMap<string, string>, now: number) {
      const sentBack = new Set(settlements.flatMap((one) => (one.verdict === 'retry' && one.places ? meant(one) : [])))
      const named = settlements.filter(({ places }) => places)
      const rest = settlements.filter(({ places }) => !places)
      for (const one of [...named, ...rest]) {
        if (one.verdict === 'retry') continue
        for (const event of meant(one)) {
          if (!one.places && sentBack.has(event)) continue
          event.isDone = true
          if (one.verdict === 'ack') continue
          const { reason, code, words, attempts } = one
          const { lane, source, uuid, bytes, receivedAt, json } = event
          const letter = { lane, source, uuid, receivedAt, json, reason, code, words, attempts, diedAt: now }
          letters.push({ bytes, letter })
        }
      }
      for (const one of settlements) {
        const held = leases.find(({ id }) => id === one.lease)
        if (!held || one.verdict !== 'retry') continue
        const dueAt = now + one.afterMs
        const leaving = meant(one).filter(({ batch }) => batch?.lease === one.lease)
        for (const batch of new Set(leaving.map((event) => event.batch))) {
          const whole = events.filter((event) => event.batch === batch && !event.isDone)
          const part = leaving.filter((event) => event.batch === batch)
          const isWhole = part.length === whole.length
          const back = { lease: one.lease, returns: batch?.returns ?? 0, dueAt, isLeased: false }
          for (const event of part) {
            event.batch = back
            if (!isWhole) held.sentAway.add(event)
          }
        }
      }
      for (const [lane, note] of notes) lanes.set(lane, note)
    },
    /** One of the dead letters, by its uuid and source. */
    someLetter: (number: number) => letters[number % (letters.length || 1)]?.letter,
    revive({ source, uuid }: { source: string; uuid: string }, now: number) {
      const found = letters.filter(({ letter }) => letter.uuid === uuid && letter.source === source)
      for (const { letter, bytes } of found) put(source, { ...letter, bytes }, now)
      letters = letters.filter((one) => !found.includes(one))
      return found.length
    },
    discard({ source, uuid }: { source: string; uuid: string }) {
      const before = letters.length
      letters = letters.filter(({ letter }) => letter.uuid !== uuid || letter.source !== source)
      return before - letters.length
    },
    letters: () => letters.map(({ letter }) => letter),
    deadTotals: () =>
      [...lanes.keys()].flatMap((lane) => {
        const its = letters.filter(({ letter }) => letter.lane === lane)
        return its.length === 0 ? [] : [{ lane, events: its.length, bytes: bytesOf(its) }]
      }),
    reopen() {
      events = events.filter(({ isDone }) => !isDone)
      for (const event of events) delete event.batch
      leases = []
    },
    lanes: () =>
      [...lanes].map(([lane, note]) => {
        const ready = open(lane).filter(({ batch }) => !batch)
        return {
          lane,
          events: open(lane).length,
          bytes: bytesOf(open(lane)),
          ready: ready.length,
          readyBytes: bytesOf(ready),
          oldestReadyAt: ready[0]?.receivedAt,
          note,
        }
      }),
    left: () => events.filter(({ isDone }) => !isDone).length,
  }
}
