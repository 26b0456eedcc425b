import { eventQueueConformance } from './conformance.ts'
import { memoryQueue } from './memory.ts'

eventQueueConformance('memoryQueue', (options) => {
  const queue = memoryQueue(options)
  return { queue, end: () => queue.close() }
})
