import type { PublicParams } from '@warren/rabbitpre'
import type { LaneReport } from './forward/forwarder.ts'
import type { EventQueue } from './queue/ports.ts'
import type { FindSource } from './sources.ts'
import type { Telemetry } from './telemetry.ts'

/** What a collector is made of; see `app.ts`. */
export interface CollectorOptions {
  /** Who may send; see `sources.ts`. */
  findSource: FindSource
  /** Each destination's `publicParams`, by its name. */
  destinations: ReadonlyMap<string, PublicParams>
  queue: EventQueue
  telemetry: Telemetry
  /** Called when fresh events stand in the queue, so that a forwarder can be woken. */
  onEnqueued?: () => void
  /** The tracker's script, served first-party as `/v1/warren.js`. */
  script?: { text: string; etag: string }
  /** Every lane's state, shown in the body of `/readyz`. */
  lanes?: () => LaneReport[]
  /** True once the collector is stopping: `/readyz` turns first. */
  isStopping?: () => boolean
  /** Milliseconds since 1970; for tests. */
  now?: () => number
}
