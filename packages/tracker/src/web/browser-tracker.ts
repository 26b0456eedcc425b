import type { AnyEvents, Tracker, TrackerOptions } from '../core/api.ts'
import { checkOptions } from '../core/options.ts'
import { createCoreTracker } from '../core/tracker.ts'
import { VERSION } from '../core/version.ts'
import { fetchTransport } from './fetch-transport.ts'
import { idbStore } from './idb-store.ts'
import { pageLifecycle } from './lifecycle.ts'
import { localStore } from './local-store.ts'
import { localNotes } from './notes.ts'

/** The page's tracker for a source: made at the first call, the same one (and a warning) until it is closed. */
export function browserTracker<Events extends AnyEvents<Events>>(options: TrackerOptions): Tracker<Events> {
  const { endpoint, source, intervalMs } = checkOptions(options)
  const name = `warren:${source}`
  // Two copies of the script in one page meet here.
  const slot = Symbol.for(name)
  const host = window as unknown as Record<symbol, Tracker<Events>>
  const known = host[slot]
  if (known) {
    console.warn(`${name} already exists`)
    return known
  }

  return (host[slot] = createCoreTracker<Events>(
    { intervalMs, onClose: () => delete host[slot] },
    {
      sdk: `web/${VERSION}`,
      store: idbStore(name),
      lifeboat: localStore(name),
      notes: localNotes(name),
      transport: fetchTransport(endpoint, source),
      lifecycle: pageLifecycle(),
      clock: {
        now: () => Date.now(),
        after(delayMs, callback) {
          const timer = setTimeout(callback, delayMs)
          return () => clearTimeout(timer)
        },
      },
      entropy: {
        bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
        random: () => Math.random(),
      },
    },
  ))
}
