export { deadRetention, type DeadRetention, type DeadRetentionOptions } from './admin/dead-retention.ts'
export type { LetterView } from './admin/letter-view.ts'
export { createCollector } from './app.ts'
export type { AdminOptions, CollectorOptions, ServedScript } from './collector-options.ts'
export { configSchema, type Config } from './config.ts'
export type { BatchSender, EventSink, RefusedEntry, SinkResult } from './event-sink.ts'
export {
  createForwarder,
  type Forwarder,
  type ForwarderOptions,
  type LaneReport,
  type Upstream,
} from './forward/forwarder.ts'
export { rabbitpreUpstreams, type Destination } from './forward/rabbitpre-upstream.ts'
export type * from './queue/dead-letters.ts'
export type { Disk } from './queue/disk.ts'
export { memoryQueue, type MemoryQueueOptions } from './queue/memory.ts'
export {
  QueueFullError,
  type EnqueueResult,
  type EventQueue,
  type Lease,
  type LaneStatus,
  type QueueEntry,
  type Settlement,
} from './queue/ports.ts'
export type { QueueLimits } from './queue/queue-limits.ts'
export type { SqlDriver, SqlValue } from './queue/sql-driver.ts'
export { sqlQueue, type SqlQueueOptions } from './queue/sql.ts'
export { configuredSources, openSource, type FindSource, type SourceRules } from './sources.ts'
export { silentTelemetry, type Counters, type Telemetry } from './telemetry.ts'
