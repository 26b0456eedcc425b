import { join } from 'node:path'
import {
  createForwarder,
  rabbitpreUpstreams,
  silentTelemetry,
  sqlQueue,
  type Counters,
  type DeadLetter,
} from '@warren/collector'
import { nodeSqlite } from '@warren/collector/node'
import { createRabbitpreClient, type TokenSource } from '@warren/rabbitpre'
import { patientFetch } from './patient-fetch.ts'
import type { TestSandbox } from './sandbox.ts'
import { freshFolder } from './processes.ts'

export interface FaultStage {
  /** The forwarder's clock. Milliseconds since 1970. */
  now(): number
  /** Puts events into the lane; gives their uuids. */
  put(count: number, eventKey: string): Promise<string[]>
  /**
   * Lets the forwarder work until nothing waits any more. While something does, one event more comes every ten
   * seconds, since an event is buried only where others pass. Gives the uuids of these.
   * @throws after an hour of the forwarder's clock.
   */
  drain(): Promise<string[]>
  /** See `patient-fetch.ts`. */
  giveUp(uuid: string): void
  /** Events sent again, as `warren_resent_total` counts them. */
  resent: { in_doubt: number; bisected: number }
  dead(): Promise<DeadLetter[]>
  close(): Promise<void>
}

const START = Date.UTC(2026, 0, 1)
const HOUR_MS = 3_600_000
const TRICKLE_MS = 10_000
const LANE = 'main/unmatched'

/**
 * A real forwarder with a real client and a real SQLite queue, on a sandbox behind a real socket. The forwarder's clock
 * jumps from one thing due to the next, so that no back-off takes its time; calls take the time they take.
 * @param token the source of the client's tokens, on that clock.
 */
export async function faultStage(sandbox: TestSandbox, token: (now: () => number) => TokenSource): Promise<FaultStage> {
  const folder = freshFolder()
  let clock = START
  let next = Infinity
  let made = 0
  const now = () => clock
  const resent = { in_doubt: 0, bisected: 0 }
  const queue = sqlQueue(nodeSqlite(join(folder.path, 'warren.db')), { now, defer: setImmediate })
  const patient = patientFetch()
  const client = createRabbitpreClient({ token: token(now), baseUrl: sandbox.url, fetch: patient.fetch })
  const forwarder = createForwarder({
    queue,
    dead: queue.dead,
    upstreamOf: rabbitpreUpstreams(
      new Map([['main', { credentials: 'main', client, publicParams: { isMatching: false } }]]),
    ),
    wakeAt: (at) => void (next = Math.min(next, at)),
    telemetry: {
      ...silentTelemetry,
      count: (name, labels, by = 1) => {
        if (name === 'resent') resent[(labels as Counters['resent']).cause] += by
      },
    },
    now,
  })

  async function put(count: number, eventKey: string): Promise<string[]> {
    const uuids = Array.from({ length: count }, () => `event-${made++}`)
    const entries = uuids.map((uuid) => {
      const json = JSON.stringify({ uuid, eventKey, time: clock })
      return { uuid, lane: LANE, json, bytes: json.length }
    })
    await queue.enqueue('source', entries)
    next = Math.min(next, clock)
    return uuids
  }

  return {
    now,
    put,
    giveUp: patient.giveUp,
    resent,
    async drain() {
      const trickle: string[] = []
      let nextPutAt = clock + TRICKLE_MS
      while ((await queue.lanes()).some(({ events }) => events > 0)) {
        if (clock > START + HOUR_MS) throw new Error(`events still wait: ${JSON.stringify(forwarder.lanes())}`)
        clock = Math.max(clock, Math.min(next, nextPutAt))
        if (clock >= nextPutAt) {
          trickle.push(...(await put(1, 'c_buy')))
          nextPutAt += TRICKLE_MS
        }
        next = Infinity
        await forwarder.run()
      }
      return trickle
    },
    dead: async () => (await queue.dead.list({})).letters,
    async close() {
      await forwarder.stop()
      await queue.close()
      folder.remove()
    },
  }
}
