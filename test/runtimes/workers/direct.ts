import { cacheStore, createFetchCollector, type FetchCollector } from '@warren/collector/fetch'

/** The cache that every Worker has; its types are the runtime's. */
declare const caches: { default: Cache }

let collector: FetchCollector | undefined

export default {
  /** As on runtimes that hand nothing along: no `waitUntil`. */
  fetch(request: Request, env: Record<string, unknown>): Promise<Response> {
    collector ??= createFetchCollector({ env, store: cacheStore(caches.default) })
    return collector.fetch(request)
  },
}
