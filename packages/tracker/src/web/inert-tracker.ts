import type { AnyEvents, Tracker } from '../core/api.ts'
import { noHealth } from '../core/no-health.ts'

/** Where there is no page (server rendering, workers): keeps nothing, starts nothing, sends nothing. */
export function inertTracker<Events extends AnyEvents<Events>>(): Tracker<Events> {
  return {
    track() {},
    identify() {},
    reset() {},
    register() {},
    unregister() {},
    setConsent() {},
    async erase() {},
    stored() {
      const refusal = Promise.reject(new Error('warren: no page, so nothing is kept'))
      // One that nobody looks at is no unhandled rejection.
      refusal.catch(() => {})
      return refusal
    },
    flush: async () => ({ sent: 0, pending: 0 }),
    async close() {},
    on: () => () => {},
    health: noHealth,
  }
}
