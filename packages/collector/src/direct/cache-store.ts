import type { EdgeStore } from './edge-store.ts'

/** What of the Cache API is used. */
export type CacheLike = Pick<Cache, 'match' | 'put'>

/** Never asked over the network; reserved, so that no site of anyone's has entries here. */
const ORIGIN = 'https://warren.invalid'

/** A runtime's cache (`caches.default`, or one that `caches.open` gives) as a store: of one data centre, and free. */
export function cacheStore(cache: CacheLike): EdgeStore {
  const address = (key: string) => `${ORIGIN}/${encodeURIComponent(key)}`
  return {
    async get(key) {
      const found = await cache.match(address(key))
      return found ? found.text() : null
    },
    put: (key, value, { expirationTtl }) =>
      cache.put(address(key), new Response(value, { headers: { 'cache-control': `max-age=${expirationTtl}` } })),
  }
}
