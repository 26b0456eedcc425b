import type { AnyEvents, Tracker, TrackerOptions } from '../core/api.ts'
import { checkOptions } from '../core/options.ts'
import { createCoreTracker } from '../core/tracker.ts'
import { VERSION } from '../core/version.ts'
import { fetchTransport } from './fetch-transport.ts'
import { idbStore } from './idb-store.ts'
import { pageLifecycle } from './lifecycle.ts'
import { localNotebook } from './local-notebook.ts'
import { pageClock } from './page-clock.ts'

/** The page's tracker for a source: made at the first call, the same one (and a warning) until it is closed. */
export function browserTracker<Events extends AnyEvents<Events>>(given: TrackerOptions): Tracker<Events> {
  const options = checkOptions(given)
  const name = `warren:${options.source}`
  // Two copies of the script in one page meet here.
  const slot = Symbol.for(name)
  const host = window as unknown as Record<symbol, Tracker<Events>>
  const known = host[slot]
  if (known) {
    console.warn(`${name} already exists`)
    return known
  }

  return (host[slot] = createCoreTracker<Events>(options, {
    sdk: `web/${VERSION}`,
    onClose: () => delete host[slot],
    store: idbStore(name),
    notebook: localNotebook(name),
    transport: fetchTransport(options),
    lifecycle: pageLifecycle(),
    clock: {
      now: () => Date.now(),
      eventNow: pageClock(),
      after(delayMs, callback) {
        const timer = setTimeout(callback, delayMs)
        const inNode = timer as { unref?(): void }
        // There, where tests have pages made of JavaScript, a timer would hold the process for ever.
        if (inNode.unref) inNode.unref()
        return () => clearTimeout(timer)
      },
    },
    entropy: {
      bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
      random: () => Math.random(),
    },
  }))
}
