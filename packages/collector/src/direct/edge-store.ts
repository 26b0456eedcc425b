/**
 * A small store that isolates share, eventually consistent, with entries that end by themselves. In the shape of Workers
 * KV, whose bindings fit as they are.
 */
export interface EdgeStore {
  get(key: string): Promise<string | null>
  /** `expirationTtl` in seconds, 60 at the least (Workers KV). */
  put(key: string, value: string, options: { expirationTtl: number }): Promise<void>
}

/** Milliseconds that a store may take, each time. Ours: a request must not wait for what is only for the best. */
export const STORE_TIMEOUT_MS = 1000
