import { deadLettersConformance, eventQueueConformance, type OpenQueue } from './conformance.ts'
import { memoryQueue } from './memory.ts'

const open: OpenQueue = (options) => {
  const queue = memoryQueue(options)
  return { queue, end: () => queue.close() }
}

eventQueueConformance('memoryQueue', open)
deadLettersConformance('memoryQueue', open)
