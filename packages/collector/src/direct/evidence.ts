/**
 * What an isolate knows of a lane's refusals. Where it forgets, an event is sent again: nothing is lost by it.
 *
 * | an event refused alone | is |
 * |---|---|
 * | for the first time, or with another code than before | a suspect: it is called alone from now on |
 * | again with its code, 10 s after the first, another event having been delivered between | refused for good, at the third refusal; while its code is not proven yet, at the sixth, which proves it |
 * | and delivered later | the proof that its code means illness, for 24 h |
 *
 * Ids of sources are public, so evidence is about a content: what is sent under the same uuid by another source, or
 * with other fields, tells nothing of it.
 *
 * The contract's table asks for two refusals. Why more: as in `forward/refusals.ts`; and here the device deletes the event.
 */
export interface Evidence {
  delivered(events: readonly Evident[]): void
  /** An event was refused alone. */
  refusedAlone(event: Evident, refusal: Refusal): Finding
  /** It is refused for good: nothing more needs to be known of it. */
  conclude(name: string): void
  /** The code refused an event that was delivered later. */
  isIll(code: string): boolean
  /** When a suspect may be looked at again, in milliseconds since 1970; undefined where it is none. */
  dueAt(name: string): number | undefined
  /** Its events are refused, as far as is known. */
  isHeld(eventKey: string): boolean
  /**
   * Different events refused alone since anything was delivered; where others have passed, without those of keys that
   * never did, or whose events were refused before: a flood of undefined events is no matter of the lane, and anyone can
   * invent keys.
   */
  readonly refusedInARow: number
  /** Suspects in memory. */
  readonly suspects: number
}

/** What of an event counts here. */
export interface Evident {
  /** Its source and uuid. */
  name: string
  eventKey: string
  /** A hash of its content; absent where it was never called alone. */
  print?: string
}

export interface Refusal {
  code: string
  words: string
  /** 413: it says nothing about the event's key. */
  isSize: boolean
}

/** `again`: another look at once may settle it. `wait`: only time can, or other events. */
export type Finding = 'final' | 'again' | 'wait'

/** Events refused alone in a row, none delivered between, that are no matter of events (the contract's table). */
export const HALT_AT = 8

/** Between the first refusal and the last (the contract's table). */
const APART_MS = 10_000

/** Without any delivery between, another look cannot settle a suspect: it only shows whether it passes by now. */
const IDLE_LOOK_MS = 60_000

const REFUSALS = 3
const PROVING_REFUSALS = 6

/** How long a code means illness (the contract's table), and how long a proof and a suspect are remembered (ours). */
const MEMORY_MS = 24 * 60 * 60_000

/** Some 5 MB at the longest words. The oldest are forgotten first. */
export const MAX_SUSPECTS = 10_000

/** Keys and codes remembered; anyone can invent keys. */
const MAX_KEYS = 1000

/** A key that has passed is held after this many refusals: one or two events may be bad in themselves. */
const HELD_AT = 3

interface Key {
  hasPassed: boolean
  /** Events refused alone since it last passed. */
  refusals: number
  /** Deliveries of the lane when the first of these was. */
  deliveriesBefore: number
}

interface Suspect extends Refusal {
  print: string | undefined
  firstAt: number
  lastAt: number
  refusals: number
  deliveriesBefore: number
}

export function evidence(now: () => number): Evidence {
  const suspects = new Map<string, Suspect>()
  const keys = new Map<string, Key>()
  const illUntil = new Map<string, number>()
  const provenUntil = new Map<string, number>()
  const inARow = new Set<string>()
  let deliveries = 0

  const holds = (until: ReadonlyMap<string, number>, code: string) => (until.get(code) ?? 0) > now()
  const isApart = ({ firstAt }: Suspect) => now() - firstAt >= APART_MS
  const hasPassedOthers = ({ deliveriesBefore }: Suspect) => deliveries > deliveriesBefore

  function suspectFor({ name, print }: Evident, refusal: Refusal): Suspect {
    const known = suspects.get(name)
    const suspect =
      known?.code === refusal.code && known.print === print
        ? Object.assign(known, refusal)
        : { ...refusal, print, firstAt: now(), lastAt: 0, refusals: 0, deliveriesBefore: deliveries }
    suspect.refusals++
    suspect.lastAt = now()
    if (suspect !== known) {
      // The newest stand last.
      suspects.delete(name)
      suspects.set(name, suspect)
      for (const [oldest, { firstAt }] of suspects) {
        if (suspects.size <= MAX_SUSPECTS && now() - firstAt < MEMORY_MS) break
        suspects.delete(oldest)
      }
    }
    return suspect
  }

  function keyOf(eventKey: string): Key {
    const key = keys.get(eventKey) ?? { hasPassed: false, refusals: 0, deliveriesBefore: 0 }
    keep(keys, eventKey, key)
    return key
  }

  function blame(key: Key): void {
    if (key.refusals === 0) key.deliveriesBefore = deliveries
    key.refusals++
  }

  return {
    delivered(events) {
      deliveries++
      inARow.clear()
      for (const { name, eventKey, print } of events) {
        Object.assign(keyOf(eventKey), { hasPassed: true, refusals: 0 })
        const suspect = suspects.get(name)
        if (!suspect) continue
        suspects.delete(name)
        if (suspect.print !== print) continue
        keep(illUntil, suspect.code, now() + MEMORY_MS)
        provenUntil.delete(suspect.code)
        for (const [other, { code }] of suspects) if (code === suspect.code) suspects.delete(other)
      }
    },
    refusedAlone(event, refusal) {
      const { name, eventKey } = event
      const key = keyOf(eventKey)
      const isOfItsKey = key.hasPassed ? key.refusals > 0 && deliveries > key.deliveriesBefore : deliveries > 0
      if (!isOfItsKey && inARow.size < HALT_AT) inARow.add(name)
      if (!refusal.isSize && suspects.get(name)?.code !== refusal.code) blame(key)
      const suspect = suspectFor(event, refusal)
      if (!isApart(suspect) || !hasPassedOthers(suspect)) return 'wait'
      return suspect.refusals >= (holds(provenUntil, refusal.code) ? REFUSALS : PROVING_REFUSALS) ? 'final' : 'again'
    },
    conclude(name) {
      const suspect = suspects.get(name)
      if (suspect) keep(provenUntil, suspect.code, now() + MEMORY_MS)
      suspects.delete(name)
    },
    isIll: (code) => holds(illUntil, code),
    dueAt(name) {
      const suspect = suspects.get(name)
      if (!suspect) return undefined
      const apartAt = suspect.firstAt + APART_MS
      return hasPassedOthers(suspect) ? apartAt : Math.max(apartAt, suspect.lastAt + IDLE_LOOK_MS)
    },
    isHeld(eventKey) {
      const key = keys.get(eventKey)
      return key !== undefined && key.refusals >= (key.hasPassed ? HELD_AT : 1)
    },
    get refusedInARow() {
      return inARow.size
    },
    get suspects() {
      return suspects.size
    },
  }
}

/** What is used stays; what was not used for the longest is forgotten. */
function keep<Value>(map: Map<string, Value>, name: string, value: Value): void {
  map.delete(name)
  map.set(name, value)
  const [oldest] = map.keys()
  if (map.size > MAX_KEYS && oldest !== undefined) map.delete(oldest)
}
