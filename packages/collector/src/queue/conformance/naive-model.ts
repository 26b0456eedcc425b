import { expect } from 'vitest'
import type { Lease, QueueEntry, Settlement } from '../ports.ts'

interface ModelEvent {
  lane: string
  json: string
  bytes: number
  isDone: boolean
  /** Returned or leased with these; ready where undefined. */
  batch?: ModelBatch
}

interface ModelBatch {
  dueAt: number
  returns: number
  isLive: boolean
}

/** The queue as a list of events, looked through from its beginning for everything. Knows no expiry. */
export function naiveModel() {
  const seen = new Set<string>()
  let events: ModelEvent[] = []
  let leases: { id: number; places: ModelEvent[]; batch: ModelBatch }[] = []
  const used = new Set<string>()
  /** The parts that leases sent on a way of their own. */
  let sentAway: { lease: number; event: ModelEvent }[] = []
  const gone = (held: { id: number }, event: ModelEvent) =>
    sentAway.some((part) => part.lease === held.id && part.event === event)
  const open = (lane: string) => events.filter((event) => event.lane === lane && !event.isDone)
  const bytesOf = (list: ModelEvent[]) => list.reduce((sum, { bytes }) => sum + bytes, 0)

  return {
    enqueue(source: string, entries: QueueEntry[]) {
      let fresh = 0
      for (const { uuid, lane, json, bytes } of entries) {
        const key = `${source} ${uuid}`
        if (seen.has(key)) continue
        seen.add(key)
        used.add(lane)
        events.push({ lane, json, bytes, isDone: false })
        fresh++
      }
      return { fresh, repeated: entries.length - fresh }
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
      let returns = 0
      if (due.size > 0) {
        // Of two that are due at one instant either may come.
        const choices = [...due].map((batch) => open(lane).filter((event) => event.batch === batch))
        const lines = choices.map((list) => list.map(({ json }) => json))
        expect(lines, what).toContainEqual(given?.events)
        handed = choices[lines.findIndex((one) => one.join() === given?.events.join())] ?? []
        returns = (handed[0]?.batch?.returns ?? 0) + 1
      } else {
        for (const event of open(lane).filter(({ batch }) => !batch)) {
          if (handed.length >= max.events) break
          if (handed.length > 0 && bytesOf(handed) + event.bytes > max.bytes) break
          handed.push(event)
        }
        if (handed.length === 0) return expect(given, what).toBeUndefined()
        expect(given?.events, what).toEqual(handed.map(({ json }) => json))
      }
      expect(given?.returns, what).toBe(returns)
      const batch: ModelBatch = { dueAt: untilAt, returns, isLive: true }
      for (const event of handed) {
        if (event.batch) event.batch.isLive = false
        event.batch = batch
      }
      leases.push({ id: given?.id ?? 0, places: handed, batch })
    },
    /** One of the last few leases. */
    recent(number: number) {
      const few = leases.slice(-6)
      const one = few[number % (few.length || 1)]
      return one && { id: one.id, size: one.places.length }
    },
    settle(settlements: Settlement[], now: number) {
      const find = (id: number) => leases.find((lease) => lease.id === id)
      const sentBack = new Set<ModelEvent>()
      for (const { lease, verdict, places } of settlements) {
        if (verdict === 'retry')
          for (const place of places ?? []) sentBack.add(find(lease)?.places[place] as ModelEvent)
      }
      for (const { lease, verdict, places } of settlements) {
        const held = find(lease)
        if (!held || verdict !== 'ack') continue
        if (places) for (const place of places) held.places.at(place)!.isDone = true
        else {
          for (const event of held.places) {
            // Under a later lease, this one's word holds for all it had, but for the part it sent away itself.
            const isWithIt = held.batch.isLive ? event.batch === held.batch : !gone(held, event)
            if (isWithIt && !sentBack.has(event)) event.isDone = true
          }
        }
      }
      for (const settlement of settlements) {
        const held = find(settlement.lease)
        if (!held || settlement.verdict !== 'retry' || !held.batch.isLive) continue
        const wanted = settlement.places?.map((place) => held.places[place]) ?? held.places
        const leaving = held.places.filter(
          (event) => wanted.includes(event) && event.batch === held.batch && !event.isDone,
        )
        const staying = held.places.filter(
          (event) => event.batch === held.batch && !event.isDone && !leaving.includes(event),
        )
        if (leaving.length === 0) continue
        if (staying.length === 0) held.batch.dueAt = now + settlement.afterMs
        else {
          const part: ModelBatch = { dueAt: now + settlement.afterMs, returns: held.batch.returns, isLive: true }
          for (const event of leaving) event.batch = part
          sentAway.push(...leaving.map((event) => ({ lease: held.id, event })))
        }
      }
    },
    reopen() {
      events = events.filter(({ isDone }) => !isDone)
      for (const event of events) delete event.batch
      leases = []
      sentAway = []
    },
    lanes: () =>
      [...used].map((lane) => {
        const ready = open(lane).filter(({ batch }) => !batch)
        return {
          lane,
          events: open(lane).length,
          bytes: bytesOf(open(lane)),
          ready: ready.length,
          readyBytes: bytesOf(ready),
        }
      }),
    left: () => events.filter(({ isDone }) => !isDone).length,
  }
}
