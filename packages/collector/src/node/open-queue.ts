import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { memoryQueue } from '../queue/memory.ts'
import type { QueueLimits } from '../queue/queue-limits.ts'
import { SettingsError } from '../settings/settings-error.ts'
import { queueThread } from './queue-thread.ts'
import type { Settings } from './settings.ts'
import type { NodeTelemetry, WatchedQueue } from './telemetry.ts'

/** Settings that name a queue. */
export type QueueSettings = Pick<Settings, 'config'> & { queue: Exclude<Settings['queue'], { kind: 'none' }> }

/**
 * Opens the queue that the settings name, with their bounds.
 * @throws {SettingsError} where its database cannot be opened.
 */
export async function openQueue({ queue, config }: QueueSettings, telemetry: NodeTelemetry): Promise<WatchedQueue> {
  const { maxEvents, maxBytes, minFreeDiskBytes } = config.queue
  const limits: Partial<QueueLimits> = {
    ...(maxEvents === undefined ? {} : { events: maxEvents }),
    ...(maxBytes === undefined ? {} : { bytes: maxBytes }),
  }
  if (queue.kind === 'memory') {
    telemetry.log('warn', 'the queue is in memory: events that are not delivered end with the process')
    return memoryQueue({ limits })
  }
  try {
    const thread = queueThread(queue.path, {
      onCommit: (ms) => telemetry.observe('commit', {}, ms),
      limits,
      // Twice as far up, as by default: a disk near its end must not flap.
      ...(minFreeDiskBytes === undefined
        ? {}
        : { room: { lowBytes: minFreeDiskBytes, highBytes: 2 * minFreeDiskBytes } }),
    })
    await thread.opened
    return thread
  } catch (error) {
    throw new SettingsError(`--db/WARREN_DB: ${queue.path} cannot be opened: ${reasonOf(error, queue.path)}`)
  }
}

/** SQLite says of a folder that is not there no more than of anything else that it cannot open. */
function reasonOf(error: unknown, path: string): string {
  const folder = dirname(path)
  if (!existsSync(folder)) return `there is no folder ${folder}: make it first`
  return error instanceof Error ? error.message : String(error)
}
