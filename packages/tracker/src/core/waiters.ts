import type { Chunk } from './chunk.ts'

/** Promises about chunks: of `stored()`, until they are durable, and of `flush()`, until they are answered. */
export interface Waiters {
  /** Resolves once all of them are over. */
  wait(chunks: Chunk[]): Promise<void>
  /** Chunks have changed: ends the waits that are over. */
  tell(): void
  isEmpty(): boolean
  /** Rejects all waits. */
  fail(cause: unknown): void
}

export function createWaiters(isOver: (chunk: Chunk) => boolean): Waiters {
  let waits: [chunks: Chunk[], resolve: () => void, reject: (cause: unknown) => void][] = []
  function tell() {
    waits = waits.filter(([chunks, resolve]) => !chunks.every(isOver) || resolve())
  }
  return {
    wait: (chunks) =>
      new Promise((resolve, reject) => {
        waits.push([chunks, resolve, reject])
        tell()
      }),
    tell,
    isEmpty: () => !waits.length,
    fail(cause) {
      for (const [, , reject] of waits) reject(cause)
      waits = []
    },
  }
}
