import type { Plugin } from '../core/api.ts'

export interface PrivacySignalsOptions {
  /** Heeds Global Privacy Control. Default true. */
  gpc?: boolean
  /** Heeds Do Not Track. Default true. */
  dnt?: boolean
}

interface Signals {
  globalPrivacyControl?: boolean
  /** `1`, `0` or `unspecified`; Safari 7 to 12 has it on the window. */
  doNotTrack?: string
}

/**
 * Takes a browser's signal that its visitor is not to be tracked for `consent: 'denied'`: nothing is taken, and what
 * was stored is erased. `setConsent('granted')` still counts, for a visitor who has agreed on this very site.
 */
export function privacySignals({ gpc = true, dnt = true }: PrivacySignalsOptions = {}): Plugin {
  return (options) => {
    // A server has nobody to ask.
    if (
      typeof document === 'object' &&
      ((gpc && (navigator as Signals).globalPrivacyControl) ||
        (dnt && +((navigator as Signals).doNotTrack || (window as Signals).doNotTrack!)))
    )
      options.consent = 'denied'
  }
}
