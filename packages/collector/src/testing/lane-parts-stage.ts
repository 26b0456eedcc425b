import type { Outcome } from '@warren/rabbitpre'
import { caller } from '../forward/caller.ts'
import { credentialHalts } from '../forward/credential-halts.ts'
import type { Upstream } from '../forward/forwarder.ts'
import { writeNote } from '../forward/lane-note.ts'
import type { LaneParts } from '../forward/lane-parts.ts'
import { noteKeeper } from '../forward/note-keeper.ts'
import { recorder } from '../forward/recorder.ts'
import { refusals } from '../forward/refusals.ts'
import { stops } from '../forward/stops.ts'
import { memoryQueue } from '../queue/memory.ts'
import type { Lease, Settlement } from '../queue/ports.ts'
import { silentTelemetry } from '../telemetry.ts'

export const LANE = 'a/unmatched'
export const CREDENTIALS = 'a'
const START = 1_000_000

/**
 * The parts of one lane's machine without the machine: real ones, on a queue in memory and a clock that is set by hand,
 * before an upstream whose calls wait to be answered.
 */
export function lanePartsStage() {
  let clock = START
  const sent: { uuids: string[]; answer: (outcome: Outcome) => void }[] = []
  const told: Settlement[] = []
  const woken: number[] = []
  const logs: string[] = []
  const troubles: unknown[] = []
  const now = () => clock
  // By half of all chances; where it counts, a wait has a wide berth.
  const random = () => 0.5
  const telemetry = { ...silentTelemetry, log: (_level: string, message: string) => void logs.push(message) }
  const store = memoryQueue({ now })
  const queue: typeof store = {
    ...store,
    settle(settlements, notes) {
      told.push(...settlements)
      return store.settle(settlements, notes)
    },
  }
  const upstream: Upstream = {
    credentials: CREDENTIALS,
    send: (events) => new Promise((answer) => sent.push({ uuids: events.map(({ uuid }) => uuid), answer })),
  }
  const options = {
    lane: LANE,
    queue,
    dead: store.dead,
    upstreamOf: () => upstream,
    credentials: credentialHalts(now, random),
    wakeAt: (at: number) => void woken.push(at),
    telemetry,
    now,
    random,
    isStopping: () => false,
  }
  const known = refusals(options)
  const halts = stops(options)
  const book = recorder(LANE, queue, telemetry)
  const parts: LaneParts = {
    ...options,
    known,
    halts,
    book,
    notes: noteKeeper(LANE, queue, now, () => writeNote(known, halts.lane, undefined)),
    calls: caller({
      ...options,
      isIll: known.isIll,
      owe: book.owe,
      trouble: (error) => void troubles.push(error),
      onEnd: () => {},
    }),
    isSpared: false,
  }
  /** All that is ready now has its turn: nothing here waits for more than microtasks. */
  const settle = () => new Promise((resolve) => setImmediate(resolve))

  return {
    parts,
    upstream,
    queue,
    sent,
    told,
    woken,
    logs,
    troubles,
    settle,
    now,
    pass: (ms: number) => void (clock += ms),
    /** Puts events of these `uuid:key`s into the lane. */
    async put(...names: string[]) {
      const entries = names.map((name) => {
        const [uuid = '', eventKey = 'c_buy'] = name.split(':')
        const json = JSON.stringify({ uuid, eventKey, time: 0 })
        return { uuid, lane: LANE, json, bytes: json.length }
      })
      await queue.enqueue('s', entries)
    },
    async lease(): Promise<Lease> {
      const lease = await queue.lease(LANE, { events: 500, bytes: 1_000_000 }, 120_000)
      if (!lease) throw new Error('nothing to lease')
      return lease
    },
    status: async () => (await queue.lanes())[0],
    /** Answers the call that was made last, and waits for what it leads to. */
    async answer(outcome: Outcome) {
      sent.at(-1)?.answer(outcome)
      await settle()
    },
  }
}
