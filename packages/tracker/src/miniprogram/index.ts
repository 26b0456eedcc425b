import type { AnyEvents, Tracker, TrackerOptions } from '../core/api.ts'
import { createCoreTracker } from '../core/tracker.ts'
import { checkOptions } from '../core/options.ts'
import { VERSION } from '../core/version.ts'
import { appLifecycle } from './app-lifecycle.ts'
import { miniEntropy } from './entropy.ts'
import type { HostName } from './globals.ts'
import { findHost } from './hosts.ts'
import { requestTransport } from './request-transport.ts'
import { storageNotebook } from './storage-notebook.ts'
import { storageStore } from './storage-store.ts'
import { waitingTracker } from './waiting-tracker.ts'

export interface MiniTrackerOptions extends TrackerOptions {
  /** The host's global, where it is not to be guessed. Default: the one that is there. */
  host?: HostName
}

/** Of the 10 MB that a mini-program may keep. */
const MAX_BYTES = 1_000_000

const trackers: Record<string, Tracker> = {}

/**
 * Begins tracking for one source of one collector, from `onLaunch` on or later. A second call with the same source
 * returns the same tracker. Throws one line if an option is wrong, or there is no mini-program around it; nothing else
 * of the tracker ever throws.
 */
export function createTracker<Events extends AnyEvents<Events> = Record<string, Record<string, unknown>>>(
  given: MiniTrackerOptions,
): Tracker<Events> {
  const options = checkOptions(Object.assign({ maxBytes: MAX_BYTES }, given))
  const host = findHost(given.host)
  if (!host) throw new Error('warren: no mini-program here; a page imports @warren/tracker')
  const name = `warren:${options.source}`
  const known = trackers[name]
  if (known) return known as unknown as Tracker<Events>

  let latest = 0
  let begin = () => {}
  const entropy = miniEntropy(host.api, () => begin())
  const make = () =>
    createCoreTracker(options, {
      sdk: `mini-${host.name}/${VERSION}`,
      onClose: () => delete trackers[name],
      store: storageStore(host, name),
      notebook: storageNotebook(host, name),
      transport: requestTransport(host, options),
      lifecycle: appLifecycle(host.api),
      clock: {
        now: () => Date.now(),
        eventNow: () => (latest = Math.max(latest, Date.now())),
        after(delayMs, callback) {
          const timer = setTimeout(callback, delayMs)
          return () => clearTimeout(timer)
        },
      },
      entropy,
    })
  const tracker = waitingTracker(make, (whenReady) => {
    if (entropy.isReady()) whenReady()
    else begin = whenReady
  })
  trackers[name] = tracker
  return tracker as unknown as Tracker<Events>
}
