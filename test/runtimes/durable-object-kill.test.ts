import { expect, it } from 'vitest'
import { entry, uuidsOf } from '../../packages/collector/src/queue/conformance.ts'
import { seeded } from '../../packages/collector/src/queue/conformance/seeded.ts'
import { timeUuid } from '../support/load.ts'
import { objectQueue, type ObjectQueue } from '../support/object-queue.ts'
import { freshFolder } from '../support/processes.ts'
import { startQueueObjects, type QueueObjects } from '../support/queue-objects.ts'

const ROUNDS = 5
const CALLERS = 6
const LANE = 'a/unmatched'
const HOUR_MS = 3_600_000
const SEED = Math.floor(Math.random() * 2 ** 31)

it(`over ${ROUNDS} kills of workerd under load, an object's queue keeps what it acknowledged, once: seed ${SEED}`, async () => {
  const folder = freshFolder()
  let objects = await startQueueObjects(folder.path)
  try {
    const random = seeded(SEED)
    const ledger = newLedger()
    for (let round = 0; round < ROUNDS; round++) await untilKilled(objects, ledger, random)
    const { callers, gone, inDoubt, cut } = ledger

    // What was cut off is sent again, as trackers do.
    await Promise.all(callers.map((caller) => send(queueOf(objects), caller, random)))
    const acknowledged = callers.flatMap(({ sent }) => sent)
    const left = await leaseAll(queueOf(objects))
    const there = new Set(left)
    console.log(
      `seed ${SEED}: ${acknowledged.length} acknowledged, ${gone.size} delivered, ${inDoubt.size} perhaps, ${left.length} left; ${cut} calls cut off`,
    )
    for (const count of [cut, gone.size, left.length]) expect(count).toBeGreaterThan(0)
    expect(left).toHaveLength(there.size)
    expect(acknowledged.filter((uuid) => !there.has(uuid) && !gone.has(uuid) && !inDoubt.has(uuid))).toEqual([])
    expect(left.filter((uuid) => gone.has(uuid))).toEqual([])

    await objects.close()
    objects = await startQueueObjects(folder.path)
    const queue = queueOf(objects)
    expect((await leaseAll(queue)).toSorted()).toEqual(left.toSorted())
    // And all that has ever come is known.
    for (const { source, sent } of callers) {
      const again = queue.enqueue(
        source,
        sent.map((uuid) => entry(uuid, LANE)),
      )
      expect(await again).toEqual({ fresh: 0, repeated: sent.length })
    }
  } finally {
    await objects.close()
    folder.remove()
  }
})

/** One that sends events, under a source of its own. */
interface Caller {
  source: string
  /** What was acknowledged. */
  sent: string[]
  /** The batch in hand: cut off, if nothing is in flight. */
  kept: string[] | undefined
}

interface Ledger {
  callers: readonly Caller[]
  /** Of settlements that were acknowledged. */
  gone: Set<string>
  /** Of settlements that were cut off. */
  inDoubt: Set<string>
  /** Calls that a kill cut off. */
  cut: number
}

function newLedger(): Ledger {
  const callers = Array.from({ length: CALLERS }, (_, n) => ({ source: `s${n}`, sent: [], kept: undefined }))
  return { callers, gone: new Set(), inDoubt: new Set(), cut: 0 }
}

/** Each sends messages of its own. */
const queueOf = ({ post }: QueueObjects): ObjectQueue => objectQueue(post, 'killed', { now: Date.now })

/** Several send while one delivers; at some answer workerd is killed, and is there again when this returns. */
async function untilKilled(objects: QueueObjects, ledger: Ledger, random: () => number): Promise<void> {
  const answers = 10 + Math.floor(random() * 60)
  const seen: { answers: number; restarted?: Promise<void> } = { answers: 0 }

  /** Only the kill may cut a call off. */
  async function inTurn(call: () => Promise<void>): Promise<void> {
    while (!seen.restarted) {
      try {
        await call()
      } catch (error) {
        if (!seen.restarted) throw error
        ledger.cut++
      }
    }
  }

  const sending = ledger.callers.map((caller) => {
    const queue = queueOf(objects)
    return inTurn(async () => {
      await send(queue, caller, random)
      if (++seen.answers === answers) seen.restarted = objects.kill()
    })
  })
  const queue = queueOf(objects)
  await Promise.all([...sending, inTurn(() => deliverSome(queue, ledger, random))])
  await seen.restarted
}

async function send(queue: ObjectQueue, caller: Caller, random: () => number): Promise<void> {
  const batch = (caller.kept ??= Array.from({ length: 1 + Math.floor(random() * 20) }, (_, n) =>
    n % 2 === 0 ? timeUuid() : `order-${timeUuid()}`,
  ))
  await queue.enqueue(
    caller.source,
    batch.map((uuid) => entry(uuid, LANE)),
  )
  caller.sent.push(...batch)
  caller.kept = undefined
}

/** Leases a few events and settles one half of them. */
async function deliverSome(queue: ObjectQueue, { gone, inDoubt }: Ledger, random: () => number): Promise<void> {
  const held = await queue.lease(LANE, { events: 20, bytes: 1_000_000 }, HOUR_MS)
  if (!held) return
  const places = held.events.map((_, place) => place).filter(() => random() < 0.5)
  const uuids = places.map((place) => uuidsOf(held)?.[place] ?? '')
  expect(uuids.filter((uuid) => gone.has(uuid))).toEqual([])
  for (const uuid of uuids) inDoubt.add(uuid)
  await queue.settle([{ lease: held.id, verdict: 'ack', places }])
  for (const uuid of uuids) {
    inDoubt.delete(uuid)
    gone.add(uuid)
  }
}

/** All that can be leased, by its uuids. */
async function leaseAll(queue: ObjectQueue): Promise<string[]> {
  const all: string[] = []
  for (;;) {
    const held = await queue.lease(LANE, { events: 500, bytes: 1_000_000 }, HOUR_MS)
    if (!held) return all
    all.push(...(uuidsOf(held) ?? []))
  }
}
