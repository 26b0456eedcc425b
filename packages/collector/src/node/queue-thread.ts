import { Worker } from 'node:worker_threads'
import type { DeadLetters } from '../queue/dead-letters.ts'
import { QueueFullError, type EventQueue } from '../queue/ports.ts'
import { batchPacker } from './batch-packing.ts'
import type { Answers, Calls, Method, QueueMethods } from './queue-methods.ts'
import type { QueueWorkerData } from './queue-worker.ts'
import { walBytes } from './sqlite.ts'
import type { SqliteQueueOptions } from './sqlite-queue.ts'

/** What the thread holds for a moment is small: with V8's default its heap grows by 35 MB more (measured). */
const YOUNG_GENERATION_MB = 4

/** Sources run as they stand, where a Node that strips types is given them; so do then the packages that they import. */
const isSource = import.meta.url.endsWith('.ts')

export type QueueThread = EventQueue & {
  dead: DeadLetters
  /** The size of the database's WAL. */
  walBytes(): number
  /** Resolves once the database is open; rejects with what keeps it from that. Calls may be made before. */
  opened: Promise<void>
}

/**
 * {@link sqliteQueue} in a thread of its own: while one commit is on its way to the disk, requests are read and checked
 * and the next one gathers. What is asked in one turn of the event loop crosses in one message.
 *
 * The thread goes by this side's clock, which comes with each message. If it ends by a fault of its own once it is
 * open, the fault is thrown here where nobody can catch it: a collector without its queue has nothing left to do.
 */
export function queueThread(path: string, options: SqliteQueueOptions = {}): QueueThread {
  const { now = Date.now, onCommit, limits, room } = options
  const worker = new Worker(new URL(isSource ? './queue-worker.ts' : './queue-worker.js', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    workerData: {
      path,
      options: { ...(limits ? { limits } : {}), ...(room ? { room } : {}) },
    } satisfies QueueWorkerData,
    ...(isSource ? { execArgv: ['--conditions=@warren/source'] } : {}),
  })
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: unknown) => void }>()
  const packer = batchPacker()
  let calls: Calls['calls'] = []
  let lastId = 0
  let isPosting = false
  let isOpen = false
  /** Why nothing can be asked any more. */
  let ended: Error | undefined

  function post(): void {
    isPosting = false
    const batches = packer.take()
    worker.postMessage({ now: now(), batches, calls } satisfies Calls, [batches.lines.buffer])
    calls = []
  }

  /** Gives a call its number, and its answer as a promise. */
  function ask<Value>(put: (id: number) => void): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      if (ended) return reject(ended)
      if (!isPosting) setImmediate(post)
      isPosting = true
      waiting.set(++lastId, { resolve, reject })
      put(lastId)
    })
  }

  function call<M extends Method>(method: M, ...args: Parameters<QueueMethods[M]>): ReturnType<QueueMethods[M]> {
    const promise = ask((id) => calls.push({ id, method, args } as Calls['calls'][number]))
    return promise as ReturnType<QueueMethods[M]>
  }

  function answer(id: number) {
    const one = waiting.get(id)
    waiting.delete(id)
    return one
  }

  const opened = new Promise<void>((resolve, reject) => {
    worker.on('message', (message: Answers | Error) => {
      if (message instanceof Error) {
        end(message)
        reject(message)
        void worker.terminate()
        return
      }
      const { kept, answers, commitsMs } = message
      if (!isOpen) {
        isOpen = true
        resolve()
      }
      for (let n = 0; n < kept.length; n += 3) {
        const [id = 0, fresh = 0, repeated = 0] = kept.slice(n, n + 3)
        answer(id)?.resolve({ fresh, repeated } as never)
      }
      for (const one of answers) {
        if ('value' in one) answer(one.id)?.resolve(one.value as never)
        else answer(one.id)?.reject(one.isFull ? new QueueFullError(messageOf(one.error)) : one.error)
      }
      for (const ms of commitsMs) onCommit?.(ms)
    })
    worker.on('error', (error: Error) => {
      end(error)
      reject(error)
      if (isOpen) throw error
    })
  })
  worker.on('exit', () => end(new Error('the queue is closed')))

  function end(error: Error): void {
    ended ??= error
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
  }

  let closed: Promise<void> | undefined
  async function close(): Promise<void> {
    const exited = new Promise((done) => worker.once('exit', done))
    await call('close')
    ended = new Error('the queue is closed')
    await exited
  }

  return {
    opened,
    enqueue: (source, entries) => ask((id) => packer.add(id, source, entries)),
    lanes: () => call('lanes'),
    lease: (lane, max, forMs) => call('lease', lane, max, forMs),
    // Copies: what a caller does to its lists before they cross is no matter of ours.
    leaseProbe: (lane, unwantedKeys, forMs) => call('leaseProbe', lane, [...unwantedKeys], forMs),
    settle: (settlements, notes) => call('settle', [...settlements], new Map(notes)),
    close: () => (closed ??= close()),
    walBytes: () => walBytes(path),
    dead: {
      list: (query, page) => call('deadList', query, page),
      get: (id) => call('deadGet', id),
      revive: (letters) => call('deadRevive', [...letters]),
      discard: (ids) => call('deadDiscard', [...ids]),
      totals: () => call('deadTotals'),
    },
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
