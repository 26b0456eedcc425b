import { createChunk, isRecord, keyTime, type Chunk } from './chunk.ts'
import type { Outbox } from './outbox.ts'
import type { Platform } from './platform.ts'

/** Takes in what earlier pages left in the store, and what other pages cannot send. */
export interface Adoption {
  /** Looks for chunks of others after a jittered moment, then every 30 s; one look at a time. */
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
  { store, clock, entropy }: Platform,
  outbox: Outbox,
  onAdopted: () => void,
  onError: (message: string) => void,
): Adoption {
  /** Damaged records, and those of another version: left as they are, told once, never read again by this page. */
  const setAside = new Set<string>()
  let isLooking = false
  let isStopped = false
  let cancelTimer = () => {}

  function lookAfter(delayMs: number) {
    cancelTimer()
    if (!isStopped && !isLooking) cancelTimer = clock.after(delayMs, () => void lookNow())
  }

  async function lookNow() {
    isLooking = true
    // What the device refused a while ago it may take now.
    outbox.write(true)
    try {
      await adopt()
    } catch (cause) {
      outbox.refuse(cause)
    }
    isLooking = false
    lookAfter(LOOK_EVERY_MS)
  }

  async function adopt() {
    // In an outage the store is the better place for them.
    if (outbox.health().waiting >= MAX_WAITING) return
    const stored = await store.keys()
    const held = outbox.heldKeys()
    const now = clock.now()
    const keys = stored.filter(
      // A key of the future was written by a wrong clock.
      (key) => Math.abs(now - keyTime(key)) >= MIN_AGE_MS && !held.has(key) && !setAside.has(key),
    )
    keys.splice(MAX_CHUNKS)
    const chunks: Chunk[] = []
    ;(await store.read(keys)).forEach((record, i) => {
      const key = keys[i] as string
      if (isRecord(record)) chunks.push(createChunk(key, record, true))
      else if (record !== undefined) {
        setAside.add(key)
        onError(`warren: stored record ${key} is not readable, and left alone`)
      }
    })
    if (isStopped || !chunks.length) return
    outbox.adopt(chunks)
    onAdopted()
  }

  return {
    look: () => lookAfter(entropy.random() * JITTER_MS),
    stop() {
      isStopped = true
      cancelTimer()
    },
  }
}
