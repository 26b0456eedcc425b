import { random } from 'nanoid'
import type { Tracker, TrackerOptions } from '../core/api.ts'
import { checkOptions } from '../core/options.ts'
import { createCoreTracker } from '../core/tracker.ts'
import { VERSION } from '../core/version.ts'
import { fetchTransport } from './fetch-transport.ts'
import { idbStore } from './idb-store.ts'
import { pageLifecycle } from './lifecycle.ts'
import { localNotes } from './notes.ts'

type Registry = Record<string, Tracker<never> | undefined>

/** Where the page's trackers stand, by source and endpoint: two copies of the script share it. */
const REGISTRY: unique symbol = Symbol.for('warren') as never

/** The page's tracker for a source: made at the first call, the same one (and a warning) until it is closed. */
export function browserTracker<Events extends Record<string, object>>(options: TrackerOptions): Tracker<Events> {
  const { endpoint, source, intervalMs } = checkOptions(options)
  const host = window as unknown as { [REGISTRY]?: Registry }
  const registry = host[REGISTRY] || (host[REGISTRY] = {})
  const id = `${source} ${endpoint}`

  const known = registry[id]
  if (known) {
    console.warn(`warren: source ${source} has a tracker already`)
    return known
  }

  const name = `warren:${source}`
  const tracker = createCoreTracker<Events>(
    { intervalMs },
    {
      sdk: `web/${VERSION}`,
      store: idbStore(name),
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
      entropy: { bytes: random, random: () => Math.random() },
    },
  )
  const { close } = tracker
  tracker.close = () => {
    if (registry[id] === tracker) delete registry[id]
    return close()
  }
  registry[id] = tracker
  return tracker
}
