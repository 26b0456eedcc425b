/** The ports: all that the tracker asks of its home. `core/` knows no other way out. */

export type StoreName = 'indexeddb' | 'localstorage' | 'storage' | 'memory'

/**
 * Keeps records beyond the page's life. Records are plain data (strings, numbers, arrays, objects) and are kept as
 * they are; what they mean is the outbox's business. Every method rejects where the device refuses.
 */
export interface Store {
  readonly name: StoreName
  /**
   * Puts records, over those of the same key, and removes keys that come without one; unknown ones are no error.
   * Resolves when all of it is durable; where it rejects, some may be.
   */
  write(records: [key: string, record?: unknown][]): Promise<void>
  /** All keys. */
  keys(): Promise<string[]>
  /** The record of a key; undefined where there is none. */
  read(key: string): Promise<unknown>
}

/**
 * The same, at once: what it does, it has done before it returns, and every page sees it. Smaller, and not durable for
 * seconds where the browser is killed. A refusing device is an empty one; no method throws.
 */
export interface Notebook {
  readonly name: StoreName
  /** False where some of it was refused. */
  write(records: [key: string, record?: unknown][]): boolean
  keys(): string[]
  /** Null where there is none; 0 where it cannot be read. */
  read(key: string): unknown
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
  /** Why there is no answer, where the host of this page says something that its owner can mend. */
  words?: string
}

export interface SendOptions {
  /** Of all events in the body; its first two characters route the request. */
  device: string
  /** The request must outlive the page. */
  isExit: boolean
}

/** Sends one body. Never rejects, and always concludes; what a status means is decided in `sender.ts`. */
export interface Transport {
  /** Requests may outlive the page: what is left at its end goes out beside what is on its way. */
  readonly canOutlive: boolean
  send(body: string, options: SendOptions): Promise<Outcome>
}

export interface Lifecycle {
  /** The visitor may never see this page. */
  isPrerendering(): boolean
  /** What the page calls itself; empty where it has no title. */
  title(): string
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
  /** The same for the times of events, in whole ms, and of what is sent: it never goes back while the page lives. */
  eventNow(): number
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
  /** The tracker is closed. */
  onClose(): void
  store: Store
  /** What the visitor is known by; the rung below the store, and the last resort of a page that may never run again. */
  notebook: Notebook
  transport: Transport
  lifecycle: Lifecycle
  clock: Clock
  entropy: Entropy
}
