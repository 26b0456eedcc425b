import { deadRetention } from '../admin/dead-retention.ts'
import { createForwarder } from '../forward/forwarder.ts'
import { rabbitpreUpstreams, type Destination } from '../forward/rabbitpre-upstream.ts'
import { wakeTimer } from '../wake-timer.ts'
import type { Delivery } from './delivery.ts'
import { openQueue, type QueueSettings } from './open-queue.ts'
import type { NodeTelemetry } from './telemetry.ts'

/** New events are gathered this long before the forwarder looks: one look for a burst of requests. */
const GATHER_MS = 20

/** A body may still be on its way. */
const STOP_GRACE_MS = 5000

/** How often dead letters that have become too old or too many are looked for. */
const RETENTION_EVERY_MS = 60_000

const DAY_MS = 24 * 60 * 60_000

/** The queue that the settings name, with its forwarder and its dead letters. */
export async function queuedDelivery(
  settings: QueueSettings,
  destinations: ReadonlyMap<string, Destination>,
  telemetry: NodeTelemetry,
): Promise<Delivery> {
  const queue = await openQueue(settings, telemetry)
  const timer = wakeTimer(() => void forwarder.run())
  const forwarder = createForwarder({
    queue,
    dead: queue.dead,
    upstreamOf: rabbitpreUpstreams(destinations),
    wakeAt: timer.wakeAt,
    telemetry,
  })
  telemetry.watch(() => forwarder.lanes(), queue)
  const { keepDays, maxEvents } = settings.config.deadLetters
  const retention = deadRetention({
    dead: queue.dead,
    telemetry,
    keepMs: keepDays === null ? Infinity : keepDays * DAY_MS,
    maxEvents: maxEvents ?? Infinity,
  })
  let retaining: NodeJS.Timeout | undefined

  return {
    sink: queue,
    lanes: () => forwarder.lanes(),
    onEnqueued: () => timer.wakeAt(Date.now() + GATHER_MS),
    credentialsChanged: (name) => forwarder.credentialsChanged(name),
    dead: queue.dead,
    stopGraceMs: STOP_GRACE_MS,
    start() {
      timer.wakeAt(Date.now())
      retaining = setInterval(() => void retention.run(), RETENTION_EVERY_MS)
      void retention.run()
    },
    async stop() {
      timer.stop()
      clearInterval(retaining)
      await Promise.all([forwarder.stop(), retention.stop()])
    },
    close: () => queue.close(),
  }
}
