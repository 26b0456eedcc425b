import type { Health } from '@warren/tracker'
import { healthFaults, isTaken, type Life, type ModelEvent } from './tracker-life.ts'
import type { SeenAnswer, SeenBatch } from './tracker-line.ts'
import type { DeviceContents, PageTold } from './tracker-page.ts'
import type { PlannedEvent, PlannedPage } from './tracker-plan.ts'

/** Where an event is: the declared states, and `missing`, which must not be. */
export type EventState = string

/** Another tab hears of an erasure, and a request that was under way arrives, within this. */
const ERASURE_SPREADS_MS = 2_000

/** What must be true of one device's events, whatever happens to them. */
export interface TrackerModel {
  events: ReadonlyMap<string, ModelEvent>
  lives: ReadonlyMap<string, Life>
  begin(id: string, page: PlannedPage): Life
  track(life: Life, planned: PlannedEvent[]): void
  /** What a page says that is killed before it can say more. */
  refuse(life: Life, dropped: PageTold['dropped']): void
  /** What a living page says. */
  hear(told: PageTold, health: Health): void
  /** What lies on the device; returns the events that are in no declared state. */
  look(contents: DeviceContents): ModelEvent[]
  hasFarewell(life: Life): boolean
  batch(batch: SeenBatch): void
  answer(answer: SeenAnswer): void
  stored(events: ModelEvent[], rung: string): void
  /** Of these events, those that are not known to lie in IndexedDB may be lost. */
  letLose(events: Iterable<ModelEvent>, cause: string): void
  /** All that is known may be gone from here on. */
  beginErase(): ModelEvent[]
  endErase(events: ModelEvent[]): void
  state(event: ModelEvent): EventState
  /** Events by state. */
  counts(): Record<string, number>
}

export function trackerModel(violate: (text: string) => void): TrackerModel {
  const events = new Map<string, ModelEvent>()
  const lives = new Map<string, Life>()
  const farewells = new Set<string>()
  let onDevice = new Set<string>()
  let lastAbove: string[] = []
  const devices = new Set<string>()
  let hasErased = false
  /** When each was erased. */
  const erasedDevices = new Map<string, number>()

  const isSettled = (event: ModelEvent) =>
    event.accepted || event.rejected || (event.dropped !== undefined && event.dropped !== 'erased')

  function state(event: ModelEvent): EventState {
    if (event.accepted) return 'delivered'
    if (event.rejected) return 'rejected'
    if (event.dropped !== undefined) return `dropped: ${event.dropped}`
    if (event.life.isAlive) return 'tracked'
    if (onDevice.has(event.uuid)) return 'stored'
    if (event.mayBeErased) return 'erased'
    if (event.mayLose !== undefined) return `exempt: ${event.mayLose}`
    return 'missing'
  }

  /** A page's word on its events; what a page told before stays told. */
  function take(life: Life, dropped: PageTold['dropped'], rejected: string[], complaints: string[]) {
    life.dropped = dropped.length > life.dropped.length ? dropped : life.dropped
    for (const { uuid, reason } of dropped) {
      // A note that was written while the drop was told.
      if (uuid === '') continue
      const event = events.get(uuid)
      if (!event) violate(`${life.id} dropped ${uuid} (${reason}), which nobody tracked`)
      else if (event.dropped === undefined) {
        event.dropped = reason
        if (!isDropAllowed(event, reason)) violate(`${life.id} dropped ${uuid} without cause: ${reason}`)
      }
    }
    for (const uuid of rejected) {
      if (!events.get(uuid)?.rejected) violate(`${life.id} told ${uuid} as rejected: no answer said so`)
    }
    for (const text of complaints.slice(life.complaints)) violate(`${life.id} complains: ${text}`)
    life.complaints = Math.max(life.complaints, complaints.length)
  }

  function isDropAllowed({ kind, mayLose, life }: ModelEvent, reason: string): boolean {
    switch (reason) {
      case 'invalid_key':
        return kind === 'badKey'
      case 'too_large':
        return kind === 'tooLarge' || mayLose === 'alone in a 413'
      case 'closed':
        return life.isClosed
      case 'no_consent':
        return life.consent === 'denied'
      case 'limit_events':
        return life.page.maxEvents !== undefined
      case 'erased':
        // One that another page tracks before it hears of the erasure is erased as well.
        return hasErased
      default:
        return false
    }
  }

  return {
    events,
    lives,
    state,

    begin(id, page) {
      const life: Life = {
        id,
        page,
        isAlive: true,
        consent: page.consent,
        isClosed: false,
        storage: 'indexeddb',
        events: [],
        dropped: [],
        sent: 0,
        sentAgain: 0,
        complaints: 0,
      }
      lives.set(id, life)
      return life
    },

    track(life, planned) {
      for (const { uuid, kind } of planned) {
        const event: ModelEvent = { uuid, kind, life, trackedAt: Date.now() }
        events.set(uuid, event)
        life.events.push(event)
      }
    },

    refuse: (life, dropped) => take(life, dropped, [], []),

    hear(told, health) {
      const life = lives.get(told.id)
      if (!life) return violate(`${told.id} is no page of this round`)
      take(life, told.dropped, told.rejected, told.complaints)
      life.storage = health.storage
      for (const uuid of told.sent.slice(life.sent)) {
        if (!events.get(uuid)?.accepted) violate(`${told.id} told ${uuid} as sent: no answer said so`)
      }
      life.sent = told.sent.length
      const wrong = healthFaults(life, told, health)
      if (wrong.length > 0 && !life.isReported) violate(`health of ${told.id}: ${wrong.join('; ')}`)
      life.isReported ||= wrong.length > 0
    },

    look({ above, below, notes }) {
      const now = Date.now()
      lastAbove = above ?? lastAbove
      onDevice = new Set([...lastAbove, ...below])
      for (const { id, dropped, rejected, complaints, isFarewell } of notes) {
        const life = lives.get(id)
        if (!life) continue
        if (isFarewell) farewells.add(id)
        take(life, dropped, rejected, complaints)
      }
      for (const uuid of above ?? []) {
        const event = events.get(uuid)
        if (event) event.isAbove = true
      }
      for (const uuid of onDevice) {
        const event = events.get(uuid)
        if (!event) violate(`${uuid} lies on the device, and nobody tracked it`)
        else if (
          above &&
          event.erasedAt !== undefined &&
          now > event.erasedAt + ERASURE_SPREADS_MS &&
          !event.isReported
        ) {
          event.isReported = true
          violate(`${uuid} of ${event.life.id} lies on the device ${now - event.erasedAt} ms after it was erased`)
        }
      }
      // What cannot be seen is not missing.
      if (!above) return []
      return [...events.values()].filter((event) => !event.isReported && state(event) === 'missing')
    },

    hasFarewell: ({ id }) => farewells.has(id),

    batch({ at, body, state }) {
      for (const { uuid } of body.events) {
        const event = events.get(uuid)
        if (!event) violate(`${uuid} is on the wire, and nobody tracked it`)
        else if (event.erasedAt !== undefined && at > event.erasedAt + ERASURE_SPREADS_MS && !event.isReported) {
          event.isReported = true
          violate(`${uuid} of ${event.life.id} was sent ${at - event.erasedAt} ms after it was erased`)
        }
        if (event && !isTaken(event)) violate(`${uuid} was sent, and had been dropped: ${event.dropped}`)
      }
      const alone = body.events.length === 1 ? events.get(body.events[0]?.uuid ?? '') : undefined
      if (state === 'status 413' && alone) alone.mayLose ??= 'alone in a 413'
    },

    answer({ accepted, rejected }) {
      for (const uuid of accepted) {
        const event = events.get(uuid)
        if (event) event.accepted = true
        if (event?.kind === 'deep') violate(`${uuid} was accepted, too deep as it is`)
      }
      for (const uuid of rejected) {
        const event = events.get(uuid)
        if (event) event.rejected = true
        if (event?.kind !== 'deep') violate(`${uuid} was rejected, well as it is`)
      }
    },

    stored(some, rung) {
      for (const event of some) {
        if (rung === 'indexeddb') event.isAbove = true
        else event.isBelow = true
      }
    },

    letLose(some, cause) {
      for (const event of some) {
        if (isSettled(event) || event.isAbove) continue
        event.mayLose ??= event.isBelow ? `${cause}, on the lower rung` : cause
      }
    },

    beginErase() {
      hasErased = true
      const all = [...events.values()].filter((event) => !isSettled(event))
      for (const event of all) event.mayBeErased = true
      return all
    },

    endErase(some) {
      const now = Date.now()
      for (const event of some) event.erasedAt ??= now
      for (const device of devices) erasedDevices.set(device, erasedDevices.get(device) ?? now)
    },

    counts() {
      const counts: Record<string, number> = {}
      for (const event of events.values()) counts[state(event)] = (counts[state(event)] ?? 0) + 1
      return counts
    },
  }
}
