import type { EventSink } from '../event-sink.ts'
import type { LaneReport } from '../forward/forwarder.ts'
import type { DeadLetters } from '../queue/dead-letters.ts'

/** What stands behind the app: where its events go, and who carries them on. */
export interface Delivery {
  sink: EventSink
  lanes(): LaneReport[]
  /** Fresh events are in the sink. */
  onEnqueued(): void
  /** These credentials have changed: what they halted is probed at once. */
  credentialsChanged(credentials: string): void
  /** Absent where none are kept. */
  dead?: DeadLetters
  /** How long open requests may take at a stop before their connections are cut. Milliseconds. */
  stopGraceMs: number
  /** Carries on what an earlier process left. */
  start(): void
  /** Begins no more calls; resolves when those in flight have ended. */
  stop(): Promise<void>
  /** After all requests have ended. */
  close(): Promise<void>
}
