import { afterAll, beforeAll } from 'vitest'
import {
  deadLettersConformance,
  eventQueueConformance,
  type OpenQueue,
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
