import type { PublicParams } from '@warren/rabbitpre'
import type { EventSink } from './event-sink.ts'
import type { LaneReport } from './forward/forwarder.ts'
import type { DeadLetters } from './queue/dead-letters.ts'
import type { FindSource, SourceRules } from './sources.ts'
import type { Telemetry } from './telemetry.ts'

/** What a collector is made of; see `app.ts`. */
export interface CollectorOptions {
  /** Who may send; see `sources.ts`. */
  findSource: FindSource
  /** Each destination's `publicParams`, by its name. */
  destinations: ReadonlyMap<string, PublicParams>
  /** Where checked events go: a queue, or straight to the platform. */
  sink: EventSink
  telemetry: Telemetry
  /** Called when fresh events stand in the queue, so that a forwarder can be woken. */
  onEnqueued?: () => void
  /** Where batches are taken besides `/v1/batch`. */
  batchPaths?: readonly string[]
  /** The tracker's scripts, served first-party; see `script-routes.ts`. */
  scripts?: readonly ServedScript[]
  /** Every lane's state, shown in the body of `/readyz`. */
  lanes?: () => LaneReport[] | Promise<LaneReport[]>
  /** True once the collector is stopping: `/readyz` turns first. */
  isStopping?: () => boolean
  /** The operator's interface at `/admin`; there is none without it. */
  admin?: AdminOptions
  /** Milliseconds since 1970; for tests. */
  now?: () => number
}

/** A script as a collector serves it. */
export interface ServedScript {
  /** `warren` is served as `/v1/warren.js`. */
  name: string
  text: string
  /** Of the text, in letters and digits: its ETag, and a part of the address where it never changes. */
  hash: string
  /** Of the text, for a tag's attribute: `sha384-…`. */
  integrity: string
}

/** What the operator's interface needs beside the collector's own parts. */
export interface AdminOptions {
  /** What `Authorization: Bearer …` must carry: letters, digits and `. _ ~ + / -`, then perhaps `=`. */
  token: string
  dead: DeadLetters
  /** A source's rules, by its id; undefined where the configuration no longer has it. */
  rulesOf: (sourceId: string) => SourceRules | undefined
}
