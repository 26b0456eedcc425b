import { MAX_EVENT_BYTES, MAX_INFLATED_BYTES } from '@warren/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  deadLettersConformance,
  entry,
  eventQueueConformance,
  GRAVE,
  type OpenQueue,
  uuidsOf,
} from '../../packages/collector/src/queue/conformance.ts'
import { objectQueue } from '../support/object-queue.ts'
import { startQueueObjects, type QueueObjects } from '../support/queue-objects.ts'

let objects: QueueObjects
beforeAll(async () => {
  objects = await startQueueObjects()
})
afterAll(() => objects?.close())

let opened = 0
/** An object a queue. It is reopened as it is by a crash: nothing is closed, and its instance is thrown away. */
const openInObject: OpenQueue = (options) => {
  const queue = objectQueue(objects.post, `test-${++opened}`, options)
  return {
    queue,
    async reopen() {
      await queue.abort()
      return queue
    },
    end: () => queue.close(),
  }
}

eventQueueConformance('sqlQueue in a Durable Object', openInObject)
deadLettersConformance('sqlQueue in a Durable Object', openInObject)

it('keeps and buries in a Durable Object the largest events of the largest requests, whose rows have bounds there', async () => {
  const count = MAX_INFLATED_BYTES / MAX_EVENT_BYTES
  const filling = '兔'.repeat((MAX_EVENT_BYTES - entry('1000').bytes) / 3)
  const uuids = Array.from({ length: 3 * count }, (_, n) => `${1000 + n}`)
  const { queue, reopen, end } = openInObject({ now: Date.now })
  try {
    // At once, and so in one commit.
    const taken = [0, 1, 2].map((n) =>
      queue.enqueue(
        's',
        uuids.slice(n * count, (n + 1) * count).map((uuid) => entry(uuid, 'a/unmatched', filling)),
      ),
    )
    expect(await Promise.all(taken)).toEqual(taken.map(() => ({ fresh: count, repeated: 0 })))
    await reopen?.()
    const held = await queue.lease('a/unmatched', { events: 500, bytes: 100_000_000 }, 60_000)
    expect(uuidsOf(held)).toEqual(uuids)
    await queue.settle([{ lease: held?.id ?? 0, verdict: 'bury', ...GRAVE, words: '坏'.repeat(2000) }])
    await reopen?.()
    const { letters } = await queue.dead.list({})
    expect(letters.map(({ uuid }) => uuid)).toEqual(uuids.toReversed())
    expect(await queue.dead.revive(letters)).toBe(uuids.length)
    expect((await queue.lanes())[0]).toMatchObject({ ready: uuids.length })
  } finally {
    await end()
  }
})
