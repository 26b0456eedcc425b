import type { Entropy } from '../core/platform.ts'
import type { MiniApi } from './hosts.ts'

/** What is asked of the host at once: more than any part of the tracker asks for. */
const BLOCK_BYTES = 2048
/** Without an answer by then the app goes on without. */
const PATIENCE_MS = 500

/**
 * Random bytes of the host, which it gives later, fetched ahead. Where it gives none, and until it does, the mix stands
 * in: `Math.random`, which engines seed by themselves, with the clock, a counter and what the host gave before.
 * `whenReady` is called once, at once where the host gives none.
 */
export function miniEntropy(api: MiniApi, whenReady: () => void): Entropy & { isReady(): boolean } {
  const random = () => Math.random()
  let pool: Uint8Array | undefined
  /** The host's bytes that came last, used before: in the mix they still tell this device from all others. */
  let past = [0] as ArrayLike<number>
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
          past = pool = new Uint8Array(randomValues)
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
    return (random() * 256) ^ (Date.now() >> (counter % 8)) ^ counter ^ (past[counter % past.length] as number)
  }
}
