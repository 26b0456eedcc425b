import { isRecord, keyTime } from './chunk.ts'
import type { Ladder } from './ladder.ts'
import type { Outbox } from './outbox.ts'
import type { Platform } from './platform.ts'

/** Takes in what earlier pages left on the device, and what other pages cannot send. */
export interface Adoption {
  /** Looks for chunks of others after a jittered moment, and again every 30 s, even while a store hangs. */
  look(): void
  /**
   * An answer came after a failure: other pages, which have failed too, get their turn with what is theirs before this
   * one looks again.
   */
  rest(): void
  stop(): void
  /** All was erased: what is being read is not taken in. */
  forget(): void
  /** Records that could not be read: damaged ones, and those of another version. */
  damaged(): number
}

/** A living page sends its chunks within this, as a rule: younger ones are left to it. */
const MIN_AGE_MS = 5_000
/** Pages that begin together look one after another: the later ones find what the first has not taken. */
const JITTER_MS = 1_000
/** A page that died between its write and its request is noticed within this. */
const LOOK_EVERY_MS = 30_000
/**
 * After a failure and an answer, the other pages get this for their own: their back-offs are up to 30 s, half of that on
 * the mean. With five pages at most half of the events then travel twice (docs/decisions/011).
 */
const REST_MS = 15_000
/** Chunks in one look: at most 1,000 events. */
const MAX_CHUNKS = 20
/** A page with so many events waiting takes in no others: it has its hands full. */
const MAX_WAITING = 1_000
export function createAdoption(
  { clock, entropy }: Platform,
  ladder: Ladder,
  outbox: Outbox,
  /** The last request of this page had no answer. */
  isFailing: () => boolean,
  onLooked: () => void,
  onError: (message: string) => void,
): Adoption {
  /** Damaged records, and those of another version: left as they are, told once, never read again by this page. */
  let setAside: string[] = []
  let isStopped = false
  let isResting = false
  let cancelTimer = () => {}

  function lookAfter(delayMs: number) {
    cancelTimer()
    if (!isStopped) cancelTimer = clock.after(delayMs + entropy.random() * JITTER_MS, () => void lookNow())
  }

  async function lookNow() {
    const began = setAside
    isResting = false
    // What the device refused a while ago it may take now.
    outbox.write(true)
    const others = (await ladder.keys()).filter((key) => !outbox.holds(key) && !setAside.includes(key))
    let nextMs = LOOK_EVERY_MS
    const keys = others.filter((key) => {
      // A key of the future was written by a wrong clock.
      const leftMs = MIN_AGE_MS - Math.abs(clock.now() - keyTime(key))
      // What is too young is looked at as soon as it comes of age.
      if (leftMs > 0) nextMs = Math.min(nextMs, leftMs)
      return leftMs <= 0
    })
    // In an outage the device is the better place for them: else all pages would hold, and then send, the same.
    const { waiting } = outbox.health()
    keys.splice((waiting && isFailing()) || waiting >= MAX_WAITING ? 0 : MAX_CHUNKS)
    for (const key of keys) {
      const record = await ladder.read(key).catch(() => null)
      // Another look, that began while a slow store opened, may have been quicker; or an erasure.
      if (outbox.holds(key) || began !== setAside) continue
      if (isRecord(record)) outbox.adopt({ key, record, durable: record })
      else if (record !== null) {
        setAside.push(key)
        onError(`cannot read ${key}`)
      }
    }
    outbox.countOthers(others.filter((key) => !outbox.holds(key)))
    onLooked()
    lookAfter(nextMs)
  }

  return {
    look() {
      if (!isResting) lookAfter(0)
    },
    rest() {
      isResting = true
      lookAfter(REST_MS)
    },
    stop() {
      isStopped = true
      cancelTimer()
    },
    forget() {
      setAside = []
    },
    damaged: () => setAside.length,
  }
}
