import type { Entropy } from '../core/platform.ts'
import type { MiniApi } from './hosts.ts'

/** What is asked of the host at once: more than any part of the tracker asks for. */
const BLOCK_BYTES = 2048
/** Without an answer by then the app goes on without. */
const PATIENCE_MS = 500

/**
 * Random bytes of the host, which it gives later, fetched ahead. Where it gives none, and until it does, the mix stands
 * in: `Math.random`, which engines seed by themselves, with the clock and a counter. `whenReady` is called once, at once
 * where the host gives none.
 */
export function miniEntropy(api: MiniApi, whenReady: () => void): Entropy & { isReady(): boolean } {
  const random = () => Math.random()
  let pool: Uint8Array | undefined
  let counter = 0
  let isReady = false

  function ready() {
    if (isReady) return
    isReady = true
    whenReady()
  }

  function fetch() {
    try {
      api.getRandomValues({
        length: BLOCK_BYTES,
        success({ randomValues }) {
          pool = new Uint8Array(randomValues)
          ready()
        },
        fail: ready,
      })
    } catch {
      ready()
    }
  }

  fetch()
  setTimeout(ready, PATIENCE_MS)

  return {
    isReady: () => isReady,
    random,
    bytes(count) {
      const block = pool && pool.length >= count ? pool : new Uint8Array(count).map(() => mix())
      pool = undefined
      fetch()
      return block
    },
  }

  function mix(): number {
    counter++
    return (random() * 256) ^ (Date.now() >> (counter % 8)) ^ counter
  }
}
