import type { DropReason, RejectionCode } from '@warren/protocol/reasons'
import type { IdentityType } from '@warren/protocol/wire'
import type { StoreName } from './platform.ts'

/** The public surface: what a host page sees of the tracker. */

export interface TrackerOptions {
  /** Base URL of the collector, http or https, without query: `https://collect.example.com`. */
  endpoint: string
  /** The public source id, from the collector's configuration. */
  source: string
  /** How long the first waiting event waits for company before a request, in ms, up to an hour. Default 1000. */
  intervalMs?: number
}

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
  /** Events that the collector accepted. */
  sent: number
  /** Events that the collector refused for good, by code. */
  rejected: Record<string, number>
  /** Events dropped on the device, by reason. */
  dropped: Record<string, number>
}

/** What an app may give as its events: a type or an interface, the arguments by event key. */
export type AnyEvents<Events> = { [Key in keyof Events]: object }

export interface Tracker<Events extends AnyEvents<Events> = Record<string, Record<string, unknown>>> {
  /** Takes an event; `args` is copied at once. Never throws: what cannot be taken is counted and told as `dropped`. */
  track<Key extends keyof Events & string>(key: Key, args?: Events[Key], options?: TrackOptions): void
  /**
   * Says who the visitor is, for the events from here on. New types join the known ones; a different value for a
   * known type, or a proof, replaces them all. What is no identity is ignored and told as `error`.
   */
  identify(identity: Identity, options?: IdentifyOptions): void
  /** Forgets who the visitor is; the events from here on belong to a new device. */
  reset(): void
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
}

export type { DropReason, IdentityType, RejectionCode }
