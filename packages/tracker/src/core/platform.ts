/** The ports: all that the tracker asks of its home. `core/` knows no other way out. */

export type StoreName = 'indexeddb' | 'localstorage' | 'memory'

/**
 * Keeps records beyond the page's life. Records are plain data (strings, numbers, arrays, objects) and are kept as
 * they are; what they mean is the outbox's business. Every method rejects where the device refuses.
 */
export interface Store {
  readonly name: StoreName
  /** Resolves when all of them are durable; where it rejects, some may be. An existing key is overwritten. */
  put(records: [key: string, record: unknown][]): Promise<void>
  /** All keys, in ascending order of their text. */
  keys(): Promise<string[]>
  /** The record of a key; undefined where there is none. */
  read(key: string): Promise<unknown>
  /** Unknown keys are no error. */
  remove(keys: string[]): Promise<void>
}

/** A few characters that are read at once when the page starts. A refusing device remembers nothing. */
export interface Notes {
  /** Null where there is none; may throw where the device refuses. */
  read(): string | null
  /** Never throws. */
  write(text: string): void
}

export interface Outcome {
  /** 0: no answer came; offline, refused, aborted, timed out. */
  status: number
  /** Absent without an answer. */
  body?: string
  /** What the answer asked to wait; 0 or absent: nothing. */
  retryAfterMs?: number
  /** No answer will come: handed to the browser, which does not tell what became of it. */
  isInDoubt?: boolean
}

export interface SendOptions {
  /** Of all events in the body; its first two characters route the request. */
  device: string
  /** The request must outlive the page. */
  isExit: boolean
}

/** Sends one body. Never rejects, and always concludes; what a status means is decided in `sender.ts`. */
export interface Transport {
  send(body: string, options: SendOptions): Promise<Outcome>
}

export interface Lifecycle {
  /** Hidden or left: timers may never run again. */
  isAway(): boolean
  /**
   * Returns what ends the listening. Told is whether the page is hidden or left, perhaps for ever (once or twice a
   * leaving); else it is seen (again), or the network is said to be back.
   */
  listen(listener: (isLeaving: boolean) => void): () => void
}

export interface Clock {
  /** Milliseconds since 1970, as the device believes. May jump: durations are never computed from it alone. */
  now(): number
  /** Calls back once; returns what cancels it. */
  after(delayMs: number, callback: () => void): () => void
}

export interface Entropy {
  /** Unpredictable bytes, for ids. */
  bytes(count: number): Uint8Array
  /** From 0 up to 1, for jitter alone. */
  random(): number
}

export interface Platform {
  /** Name and version of the tracker's build, as the wire's `sdk`. */
  sdk: string
  store: Store
  /** A store whose `put` is done before it returns: the last resort of a page that may never run again. */
  lifeboat: Store
  notes: Notes
  transport: Transport
  lifecycle: Lifecycle
  clock: Clock
  entropy: Entropy
}
