import type { OutgoingEvent } from '@warren/rabbitpre'
import { keyRecord, type Key } from './key-record.ts'
import type { ParkedKey, RefusalsNote, Suspect, SuspectNote } from './refusals-note.ts'

/**
 * What a lane knows of refusals: who is to be blamed, the event, its key, or the upstream.
 *
 * | an event refused alone | becomes |
 * |---|---|
 * | for the first time, or with another code than before | a suspect, looked at again after 10 s at the least |
 * | again with its code, 10 s later, another event having been delivered between, and once more at once | buried |
 * | the same, under a code that is not proven yet | buried after 6 refusals, which prove the code |
 * | under a code that means illness | nothing: it waits |
 * | and delivered later, unchanged | the proof that its code means illness, for 24 h |
 *
 * | a key is | when | its events |
 * |---|---|---|
 * | held | it never passed and one was refused alone, or three were since it last passed, and others passed since | wait, but for one at a time |
 * | blamed | the same of eight, with one code | wait, but for one that is looked at again |
 * | parked | eight stood refused alone with one code, a proven one | are buried without a call |
 * | clear | one of them passes | are called with the others |
 *
 * Why six, and why some looks at once: an upstream that answers a third of all calls with one code refuses an event
 * twice in one case of nine, and six times in one of 729; one that does so in turn never refuses three calls in a row.
 * Any suspect that passes meanwhile tells the same of all.
 */
export interface Refusals {
  delivered(events: readonly OutgoingEvent[]): void
  /** These codes refused what was delivered later, unchanged. */
  cleared(codes: readonly string[]): void
  isIll(code: string): boolean
  /** An event was refused alone. */
  refusedAlone(event: OutgoingEvent, refusal: Refusal): Verdict
  /** Different events refused alone since anything was delivered. */
  readonly refusedInARow: number
  /** Grows with every delivered call. */
  readonly deliveries: number
  stand(key: string): 'clear' | 'held' | 'blamed' | 'parked'
  /** A held or blamed key needs one of its events to be looked at. */
  needsLook(key: string): boolean
  /** How far an event of a key can be trusted to pass. */
  trust(key: string): number
  suspect(uuid: string): Suspect | undefined
  suspects(): Iterable<Suspect>
  readonly parked: Map<string, ParkedKey>
  forget(uuid: string): void
  /** What outlives a restart. */
  note(): RefusalsNote
  restore(note: RefusalsNote): void
}

export interface Refusal {
  code: string
  words: string
  /** 413: it says nothing about the event's key. */
  isSize: boolean
}

export type Verdict = { verdict: 'bury'; attempts: number } | { verdict: 'wait'; afterMs: number }

/** Between the two refusals that bury an event (the contract's table). */
export const BURIAL_APART_MS = 10_000

/** Refusals that bury an event: the contract's two, and one at once after the second; under an unproven code, six. */
const PROVEN_REFUSALS = 3
const UNPROVEN_REFUSALS = 6

/** Events of a key that must stand refused alone before it is parked (the contract's table). */
export const PARK_AT = 8

/** A key that has passed before is held after this many: one or two may be bad in themselves. */
const HELD_AT = 3

/** How long a code means illness, and how long a proof holds (the contract's table; the latter is ours). */
const CODE_MEMORY_MS = 24 * 60 * 60_000

/** The waits of the one event by which a code is proven: 11 s in all, and up to a quarter more. */
const PROOF_LOOKS_MS = [0, 0, 1500, 3500, 6000]

/** The wait before a second look, with its jitter: by then the code is proven. Doubles, up to 5 minutes. */
const LOOK_MS = 12_000
const SECOND_LOOKS_MS = [LOOK_MS, 0]
const LOOK_CAP_MS = 300_000
const LOOK_JITTER = 0.25

/** A parked key is first tried after this long (the contract's table: each minute). */
export const PARKED_PROBE_MS = 60_000

/** More are not remembered: the others are looked at anew each time. */
const MAX_SUSPECTS = 1000

export interface RefusalsOptions {
  now: () => number
  random: () => number
  /** Told when a key is parked, and of which refusal. */
  onParked?: (eventKey: string, refusal: Pick<Refusal, 'code' | 'words'>) => void
}

export function refusals({ now, random, onParked }: RefusalsOptions): Refusals {
  const suspects = new Map<string, Suspect>()
  const keys = keyRecord()
  const parked = new Map<string, ParkedKey>()
  const illUntil = new Map<string, number>()
  const provenUntil = new Map<string, number>()
  const inARow = new Set<string>()
  let deliveries = 0

  const holds = (until: Map<string, number>, code: string) => (until.get(code) ?? 0) > now()

  function markIll(code: string): void {
    illUntil.set(code, now() + CODE_MEMORY_MS)
    provenUntil.delete(code)
    for (const [uuid, suspect] of suspects) if (suspect.code === code) suspects.delete(uuid)
  }

  function suspectFor({ uuid, eventKey }: OutgoingEvent, { code, words }: Refusal): Suspect {
    const known = suspects.get(uuid)
    if (known?.code === code) {
      known.refusals++
      known.attempts++
      known.words = words
      return known
    }
    const isProof = !holds(provenUntil, code) && ![...suspects.values()].some((one) => one.isProof && one.code === code)
    const suspect: Suspect = {
      uuid,
      eventKey,
      code,
      words,
      firstAt: now(),
      refusals: 1,
      attempts: (known?.attempts ?? 0) + 1,
      deliveriesBefore: deliveries,
      isProof,
    }
    if (suspects.size < MAX_SUSPECTS || known) suspects.set(uuid, suspect)
    return suspect
  }

  /** Its key, as far as this refusal tells of it. */
  function blameKey({ uuid, eventKey }: OutgoingEvent, { code, words }: Refusal): void {
    const key = keys.of(eventKey)
    if (key.code !== code) {
      key.refused.clear()
      key.code = code
    }
    if (key.refused.size === 0) key.deliveriesBefore = deliveries
    if (key.refused.size < PARK_AT) key.refused.add(uuid)
    key.words = words
  }

  function park(eventKey: string, key: Key): void {
    const { code, words } = key
    if (code === undefined || key.refused.size < PARK_AT || !othersPassed(key) || !holds(provenUntil, code)) return
    parked.set(eventKey, { code, words, probeAt: now() + PARKED_PROBE_MS, isReviving: false })
    keys.forget(eventKey)
    onParked?.(eventKey, { code, words })
  }

  const othersPassed = ({ deliveriesBefore }: Key) => deliveries > deliveriesBefore

  function lookAfter({ isProof, refusals: times }: Suspect): number {
    const looks = isProof ? PROOF_LOOKS_MS : SECOND_LOOKS_MS
    const waitMs = looks[times - 1] ?? Math.min(LOOK_CAP_MS, LOOK_MS * 2 ** Math.min(times - looks.length, 10))
    return waitMs * (1 + LOOK_JITTER * random())
  }

  return {
    delivered(events) {
      deliveries++
      inARow.clear()
      for (const { uuid, eventKey } of events) {
        const suspect = suspects.get(uuid)
        if (suspect) {
          suspects.delete(uuid)
          markIll(suspect.code)
        }
        keys.passed(eventKey)
      }
    },
    cleared: (codes) => codes.forEach(markIll),
    isIll: (code) => holds(illUntil, code),
    refusedAlone(event, refusal) {
      if (inARow.size < PARK_AT) inARow.add(event.uuid)
      if (!refusal.isSize) blameKey(event, refusal)
      if (holds(illUntil, refusal.code)) {
        return { verdict: 'wait', afterMs: LOOK_CAP_MS * random() }
      }
      const suspect = suspectFor(event, refusal)
      const needed = holds(provenUntil, refusal.code) ? PROVEN_REFUSALS : UNPROVEN_REFUSALS
      const isApart = now() - suspect.firstAt >= BURIAL_APART_MS
      const isBuried = isApart && deliveries > suspect.deliveriesBefore && suspect.refusals >= needed
      if (isBuried) {
        provenUntil.set(refusal.code, now() + CODE_MEMORY_MS)
        suspects.delete(event.uuid)
        for (const [eventKey, key] of keys.entries()) if (key.code === refusal.code) park(eventKey, key)
      } else if (!refusal.isSize) park(event.eventKey, keys.of(event.eventKey))
      return isBuried
        ? { verdict: 'bury', attempts: suspect.attempts }
        : { verdict: 'wait', afterMs: lookAfter(suspect) }
    },
    get refusedInARow() {
      return inARow.size
    },
    get deliveries() {
      return deliveries
    },
    stand(eventKey) {
      const parking = parked.get(eventKey)
      if (parking && !parking.isReviving) return 'parked'
      const key = keys.known(eventKey)
      if (!key || key.refused.size === 0 || !othersPassed(key)) return 'clear'
      if (key.refused.size >= PARK_AT) return 'blamed'
      return key.refused.size >= (key.hasPassed ? HELD_AT : 1) ? 'held' : 'clear'
    },
    needsLook(eventKey) {
      const key = keys.known(eventKey)
      if (!key || key.refused.size < PARK_AT) return true
      return ![...suspects.values()].some((suspect) => suspect.eventKey === eventKey)
    },
    trust(eventKey) {
      const key = keys.known(eventKey)
      if (!key) return 1
      return key.refused.size > 0 ? 0 : 2
    },
    suspect: (uuid) => suspects.get(uuid),
    suspects: () => suspects.values(),
    parked,
    forget: (uuid) => void suspects.delete(uuid),
    note: () => ({
      suspects: [...suspects.values()].map(lasting),
      parked: Object.fromEntries(parked),
      illUntil: current(illUntil, now()),
      provenUntil: current(provenUntil, now()),
    }),
    restore(note) {
      // That another event was delivered since is forgotten, and waited for again.
      for (const one of note.suspects) suspects.set(one.uuid, { ...one, deliveriesBefore: deliveries })
      for (const [eventKey, key] of Object.entries(note.parked)) parked.set(eventKey, key)
      for (const [code, until] of Object.entries(note.illUntil)) illUntil.set(code, until)
      for (const [code, until] of Object.entries(note.provenUntil)) provenUntil.set(code, until)
    },
  }
}

/** What holds in another life too: neither its lease nor how many deliveries there were before it. */
function lasting({ uuid, eventKey, code, words, firstAt, refusals: times, attempts, isProof }: Suspect): SuspectNote {
  return { uuid, eventKey, code, words, firstAt, refusals: times, attempts, isProof }
}

function current(until: ReadonlyMap<string, number>, now: number): Record<string, number> {
  return Object.fromEntries([...until].filter(([, at]) => at > now))
}
