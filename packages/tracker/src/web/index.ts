import type { AnyEvents, Tracker, TrackerOptions } from '../core/api.ts'
import { checkOptions } from '../core/options.ts'
import { browserTracker } from './browser-tracker.ts'
import { inertTracker } from './inert-tracker.ts'

/**
 * Begins tracking for one source of one collector. A second call with both the same returns the same tracker and
 * warns, until it is closed. Without a page (server rendering, a worker) the tracker keeps and sends nothing.
 * Throws one line if an option is wrong; nothing else of the tracker ever throws.
 */
export function createTracker<Events extends AnyEvents<Events> = Record<string, Record<string, unknown>>>(
  options: TrackerOptions,
): Tracker<Events> {
  if (typeof document === 'object') return browserTracker(options)
  checkOptions(options)
  if (isMiniProgram()) throw new Error("warren: in a mini-program, import '@warren/tracker/miniprogram'")
  return inertTracker()
}

declare const wx: unknown
declare const my: unknown
declare const tt: unknown

/** Bundlers of mini-programs take this entry for the package's bare name: it would fail at its first request. */
function isMiniProgram(): boolean {
  return typeof wx === 'object' || typeof my === 'object' || typeof tt === 'object'
}

export type {
  Consent,
  DropReason,
  EventDraft,
  FlushResult,
  Health,
  Identity,
  IdentityType,
  IdentifyOptions,
  Plugin,
  PluginStart,
  Proof,
  Tracker,
  TrackerOptions,
  TrackerSignals,
  TrackOptions,
} from '../core/api.ts'
