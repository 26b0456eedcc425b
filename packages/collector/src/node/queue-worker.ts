import { parentPort, workerData } from 'node:worker_threads'
import { QueueFullError } from '../queue/ports.ts'
import { unpackBatches } from './batch-packing.ts'
import { queueMethods, type Answers, type Calls } from './queue-methods.ts'
import { sqliteQueue, type SqliteQueue, type SqliteQueueOptions } from './sqlite-queue.ts'

/**
 * The thread of `queue-thread.ts`: opens the database, does what it is asked, and answers in groups, so that a commit
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
let said = nothing()
let isTelling = false
const queue = open()
if (queue) serve(queue)

/** Undefined where the database cannot be opened; the error is told by a message, since Deno prints those of threads. */
function open(): SqliteQueue | undefined {
  try {
    return sqliteQueue(path, { ...options, now: () => clock, onCommit: (ms) => said.commitsMs.push(ms) })
  } catch (error) {
    port?.postMessage(error)
    return undefined
  }
}

function nothing(): Answers {
  return { kept: [], answers: [], commitsMs: [] }
}

/** All that one commit resolves is told together. */
function tellSoon(): void {
  if (isTelling) return
  isTelling = true
  setImmediate(tell)
}

function tell(): void {
  port?.postMessage(said)
  said = nothing()
  isTelling = false
}

function fail(id: number) {
  return (error: unknown) => {
    said.answers.push({ id, error, isFull: error instanceof QueueFullError })
    tellSoon()
  }
}

function serve(queue: SqliteQueue): void {
  const methods = queueMethods(queue)
  port?.on('message', ({ now, batches, calls }: Calls) => {
    clock = now
    for (const { id, source, entries } of unpackBatches(batches)) {
      queue.enqueue(source, entries).then(({ fresh, repeated }) => {
        said.kept.push(id, fresh, repeated)
        tellSoon()
      }, fail(id))
    }
    for (const { id, method, args } of calls) {
      const run = methods[method] as (...given: unknown[]) => Promise<unknown>
      run(...args).then((value) => {
        said.answers.push({ id, value })
        tellSoon()
        if (method === 'close') port?.unref()
      }, fail(id))
    }
  })
  // The first message says that the database is open.
  tell()
}
