import type { DropReason, RejectionCode } from '@warren/protocol/reasons'
import type { IdentityType } from '@warren/protocol/wire'
import type { StoreName } from './platform.ts'

/** The public surface: what a host page sees of the tracker. */

/** Whether the visitor lets the site measure: `pending` keeps events in memory alone, and sends none. */
export type Consent = 'granted' | 'pending' | 'denied'

/** An event as `beforeSend` gets it. */
export interface EventDraft {
  uuid: string
  eventKey: string
  /** A copy of the outermost level, with the title and what is registered; what lies deeper is the page's own. */
  args: Record<string, unknown>
  /** When it happened, in ms since 1970; absent where `track()` was given none: now. */
  time?: number | undefined
  intid?: string | undefined
}

export interface TrackerOptions {
  /** Base URL of the collector, http or https, without query: `https://collect.example.com`. */
  endpoint: string
  /** The public source id, from the collector's configuration. 1–256 characters. */
  source: string
  /**
   * The collector's path behind the endpoint, for sites whose visitors block known ones; whatever stands before the
   * collector must lead it to `/v1/batch`. Default `/v1/batch`.
   */
  path?: string
  /** How long the first waiting event waits for company before a request, in ms, below 4,000,000. Default 1000. */
  intervalMs?: number
  /** How many events may wait on the device; then new ones are dropped as `limit_events`. Default 10,000. */
  maxEvents?: number
  /**
   * How many bytes of events (in UTF-8) may wait on the device; then new ones are dropped as `limit_bytes`.
   * Default 8,000,000. Where IndexedDB is refused, localStorage takes up to 1,000,000 characters of them.
   */
  maxBytes?: number
  /** Whether the page's title is filled into `args` where the event brings none. Default true. */
  title?: boolean
  /** Default `granted`. */
  consent?: Consent
  /**
   * What becomes of events of a visitor who is not known yet. `send` (default): they go without an identity. `hold`:
   * they wait on the device, up to a day and 1,000 of them, for the identity that `identify()` gives.
   */
  identityPolicy?: 'send' | 'hold'
  /**
   * Sees every event before it is written: edits it, gives another one, or drops it by returning `null` or `false`
   * (counted as `before_send`, as is one for which it throws).
   */
  beforeSend?: (event: EventDraft) => EventDraft | null | false | void
  /** Packs the body of an ordinary request by gzip; undefined where that does not pay. See the gzip plugin. */
  encode?: (body: string) => Promise<BufferSource | Blob | undefined>
  /** Each gets the options, before they are checked, and changes them. */
  plugins?: Plugin[]
}

/**
 * Changes the options, usually by setting a hook that calls the one that was there. What it returns, if anything, is
 * called once.
 */
export type Plugin = (options: TrackerOptions) => PluginStart | void

/**
 * Gets the tracker, and what is registered (by `register()`, on earlier pages too): as soon as the device has told it,
 * and so not before the visitor's consent. What it throws is told as `error`.
 */
export type PluginStart = (tracker: Tracker, registered: Record<string, unknown>) => void

export interface TrackOptions {
  /** When it happened, in ms since 1970. Default: now. */
  time?: number
  /** The interaction's id upstream, at most 256 characters. */
  intid?: string
  /** The event's own id, 1–36 characters: two events with one uuid are one event. Default: a new one. */
  uuid?: string
}

/** Who the visitor is, by one or more names; each 1–256 characters. */
export type Identity = { [Type in IdentityType]?: string }

export interface Proof {
  /** Valid until, in ms since 1970. */
  exp: number
  /** HMAC-SHA256 made by the customer's server. */
  sig: string
}

export interface IdentifyOptions {
  /** The type to match by. Default: the source's precedence. */
  by?: IdentityType
  /** For sources that demand signed identities. */
  proof?: Proof
}

export interface FlushResult {
  /** Events that the collector accepted since the call. */
  sent: number
  /** Events that still wait for an answer. */
  pending: number
}

/** What `on` tells, by name. */
export interface TrackerSignals {
  /** The collector has accepted these. */
  sent: { uuids: string[] }
  /** The collector will never take this one. */
  rejected: { uuid: string; code: RejectionCode; path: string; message: string }
  /** Not taken on the device; `eventKey` is empty where it was no string. */
  dropped: { reason: DropReason; eventKey: string; uuid?: string | undefined }
  /** Something does not work; no event is lost by it. */
  error: { message: string }
}

export interface Health {
  /** Where waiting events are kept; `none`: in memory alone, the device refuses storage. */
  storage: StoreName | 'none'
  /** Events taken since the page began. */
  tracked: number
  /** Events without an answer, those adopted from earlier pages among them. */
  waiting: number
  /** Of the waiting ones, those that survive the page. */
  stored: number
  /** Of the waiting ones, those in a request now. */
  sending: number
  /** Of the waiting ones, those that wait for an identity. */
  held: number
  /** Records on the device that cannot be read: set aside, and left as they are. */
  damaged: number
  /** Events that the collector accepted. */
  sent: number
  /** Events that the collector refused for good, by code. */
  rejected: Record<string, number>
  /** Events dropped on the device, by reason. */
  dropped: Record<string, number>
}

/** What an app may give as its events: a type or an interface, the arguments by event key. */
export type AnyEvents<Events> = { [Key in keyof Events]: object }

/** What follows an event's key: its arguments, which may be left out where none of them is required. */
export type TrackRest<Args> =
  // oxlint-disable-next-line no-generated-empty-object-type -- an empty object is meant: it fits where nothing is required
  Record<never, never> extends Args ? [args?: Args, options?: TrackOptions] : [args: Args, options?: TrackOptions]

export interface Tracker<Events extends AnyEvents<Events> = Record<string, Record<string, unknown>>> {
  /** Takes an event; `args` is copied at once. Never throws: what cannot be taken is counted and told as `dropped`. */
  track<Key extends keyof Events & string>(key: Key, ...rest: TrackRest<Events[Key]>): void
  /**
   * Says who the visitor is, for the events from here on. New types join the known ones; a different value for a
   * known type, or a proof, replaces them all. What is no identity is ignored and told as `error`.
   */
  identify(identity: Identity, options?: IdentifyOptions): void
  /** Forgets who the visitor is; the events from here on belong to a new device. */
  reset(): void
  /**
   * Puts these into the `args` of every event from here on, on later pages too, until `unregister()` or `reset()`.
   * What an event brings itself goes before.
   */
  register(args: Record<string, unknown>): void
  unregister(...keys: string[]): void
  /**
   * Resolves when every event tracked before it is durable on the device or answered by the collector; rejects where
   * the device refuses storage.
   */
  stored(): Promise<void>
  /**
   * Sends what waits without waiting for company. Resolves when all of it is answered or an attempt failed; at once
   * while a failure's back-off runs.
   */
  flush(): Promise<FlushResult>
  /** Stores, hands over what is unanswered, and stops for good; what is tracked later is dropped as `closed`. */
  close(): Promise<void>
  /** Listens; returns what ends it. What a listener throws reaches no one. */
  on<Name extends keyof TrackerSignals>(name: Name, listener: (signal: TrackerSignals[Name]) => void): () => void
  health(): Health
  /**
   * `granted` stores and sends what memory held; `pending` stores and sends nothing from here on; `denied` drops what
   * is tracked and erases what is stored. Not remembered: a page says it anew, by the option.
   */
  setConsent(consent: Consent): void
  /**
   * Removes every event, the identity, the device id and the session from the device; what is tracked later belongs to
   * a new device. Other tabs follow before they write again. What stays is the instant of the erasure, for them.
   * Rejects where the device refuses.
   */
  erase(): Promise<void>
}

export type { DropReason, IdentityType, RejectionCode }
