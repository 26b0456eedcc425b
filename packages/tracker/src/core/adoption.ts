import { isRecord, keyTime } from './chunk.ts'
import type { Outbox } from './outbox.ts'
import type { Platform, Store } from './platform.ts'

/** Takes in what earlier pages left on the device, and what other pages cannot send. */
export interface Adoption {
  /** Looks for chunks of others after a jittered moment, and again every 30 s, even while a store hangs. */
  look(): void
  stop(): void
}

/** A living page sends its chunks within this, as a rule: younger ones are left to it. */
const MIN_AGE_MS = 5_000
/** Pages that begin together look one after another: the later ones find what the first has not taken. */
const JITTER_MS = 1_000
/** A page that died between its write and its request is noticed within this. */
const LOOK_EVERY_MS = 30_000
/** Chunks in one look: at most 1,000 events. */
const MAX_CHUNKS = 20
/** A page with so many events waiting takes in no others: it has its hands full. */
const MAX_WAITING = 1_000

export function createAdoption(
  { store, lifeboat, clock, entropy }: Platform,
  outbox: Outbox,
  onAdopted: () => void,
  onError: (message: string) => void,
): Adoption {
  /** Damaged records, and those of another version: left as they are, told once, never read again by this page. */
  const setAside: string[] = []
  let isStopped = false
  let cancelTimer = () => {}
  let nextMs: number

  function lookAfter(delayMs: number) {
    cancelTimer()
    if (!isStopped) cancelTimer = clock.after(delayMs + entropy.random() * JITTER_MS, () => void lookNow())
  }

  async function lookNow() {
    nextMs = LOOK_EVERY_MS
    // The lifeboat first: what lies in both is then written once more, and leaves both.
    for (const place of [lifeboat, store]) {
      try {
        await adoptFrom(place)
      } catch {
        // A place that cannot be read cannot be written either: the outbox says so, of what it holds.
      }
      // What the device refused a while ago it may take now. The other place may hang: what is here goes, and what is
      // too young here has its next look.
      outbox.write(true)
      onAdopted()
      lookAfter(nextMs)
    }
  }

  async function adoptFrom(place: Store) {
    const now = clock.now()
    const keys = (await place.keys()).filter((key) => {
      // A key of the future was written by a wrong clock.
      const ageMs = Math.abs(now - keyTime(key))
      if (outbox.holds(key) || setAside.includes(key)) return false
      // What is too young is looked at as soon as it comes of age.
      if (ageMs < MIN_AGE_MS) nextMs = Math.min(nextMs, MIN_AGE_MS - ageMs)
      return ageMs >= MIN_AGE_MS
    })
    // In an outage the device is the better place for them.
    keys.splice(outbox.health().waiting < MAX_WAITING ? MAX_CHUNKS : 0)
    for (const key of keys) {
      const record = await place.read(key)
      // Another look, that began while a slow store opened, may have been quicker.
      if (outbox.holds(key)) continue
      if (isRecord(record)) {
        outbox.adopt({ key, record, durable: place === store ? record : undefined, isAfloat: place === lifeboat })
      } else if (record !== undefined) {
        setAside.push(key)
        onError(`cannot read ${key}`)
      }
    }
  }

  return {
    look: () => lookAfter(0),
    stop() {
      isStopped = true
      cancelTimer()
    },
  }
}
