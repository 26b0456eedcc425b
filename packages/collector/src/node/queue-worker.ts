import { parentPort, workerData } from 'node:worker_threads'
import { QueueFullError } from '../queue/ports.ts'
import { queueMethods, type Answers, type Calls } from './queue-methods.ts'
import { sqliteQueue, type SqliteQueueOptions } from './sqlite-queue.ts'

/**
 * The thread of `queue-thread.ts`: opens the database, does what it is asked, and answers in batches, so that a commit
 * of a hundred requests is told by one message. It ends by itself once its queue is closed and nothing is asked.
 */
export interface QueueWorkerData {
  path: string
  options: Pick<SqliteQueueOptions, 'limits' | 'room'>
}

const port = parentPort
if (!port) throw new Error('this file is the queue thread, and is started by queue-thread')
const { path, options } = workerData as QueueWorkerData

let clock = Date.now()
let said: Answers = { answers: [], commitsMs: [] }
const methods = queueMethods(
  sqliteQueue(path, { ...options, now: () => clock, onCommit: (ms) => said.commitsMs.push(ms) }),
)

function say(answer: Answers['answers'][number]): void {
  // All that one commit resolves is told together.
  if (said.answers.length === 0) setImmediate(tell)
  said.answers.push(answer)
}

function tell(): void {
  port?.postMessage(said)
  said = { answers: [], commitsMs: [] }
}

port.on('message', ({ now, calls }: Calls) => {
  clock = now
  for (const { id, method, args } of calls) {
    const run = methods[method] as (...given: unknown[]) => Promise<unknown>
    run(...args).then(
      (value) => {
        say({ id, value })
        if (method === 'close') port.unref()
      },
      (error: unknown) => say({ id, error, isFull: error instanceof QueueFullError }),
    )
  }
})
// The first message says that the database is open.
tell()
