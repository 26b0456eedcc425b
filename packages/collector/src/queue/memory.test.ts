import { eventQueueConformance } from './conformance.ts'
import { memoryQueue } from './memory.ts'

eventQueueConformance('memoryQueue', ({ now }) => {
  const queue = memoryQueue({ now })
  return { queue, end: () => queue.close() }
})
