import { Worker } from 'node:worker_threads'
import type { DeadLetters } from '../queue/dead-letters.ts'
import { QueueFullError, type EventQueue } from '../queue/ports.ts'
import { pack, type Answers, type Calls, type Method, type QueueMethods } from './queue-methods.ts'
import type { QueueWorkerData } from './queue-worker.ts'
import { walBytes } from './sqlite.ts'
import type { SqliteQueueOptions } from './sqlite-queue.ts'

/** What the thread holds for a moment is small: with the default, three times as large, V8 lets it grow by 30 MB more (measured). */
const YOUNG_GENERATION_MB = 8

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
 * The thread goes by this side's clock, which comes with each message. If it ends by a fault of its own, the fault is
 * thrown here where nobody can catch it: a collector without its queue has nothing left to do.
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
  let calls: Calls['calls'] = []
  let lastId = 0
  let isOpen = false
  /** Why nothing can be asked any more. */
  let ended: Error | undefined

  function post(): void {
    const lines = calls.flatMap((call) => (call.method === 'enqueue' ? [call.args[1].lines.buffer] : []))
    worker.postMessage({ now: now(), calls } satisfies Calls, lines)
    calls = []
  }

  function ask<M extends Method>(method: M, ...args: Parameters<QueueMethods[M]>): ReturnType<QueueMethods[M]> {
    const promise = new Promise((resolve, reject) => {
      if (ended) return reject(ended)
      if (calls.length === 0) setImmediate(post)
      const id = ++lastId
      waiting.set(id, { resolve, reject })
      calls.push({ id, method, args } as Calls['calls'][number])
    })
    return promise as ReturnType<QueueMethods[M]>
  }

  const opened = new Promise<void>((resolve, reject) => {
    worker.on('message', ({ answers, commitsMs }: Answers) => {
      if (!isOpen) {
        isOpen = true
        resolve()
      }
      for (const answer of answers) {
        const one = waiting.get(answer.id)
        waiting.delete(answer.id)
        if ('value' in answer) one?.resolve(answer.value as never)
        else one?.reject(answer.isFull ? new QueueFullError(messageOf(answer.error)) : answer.error)
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
    await ask('close')
    ended = new Error('the queue is closed')
    await exited
  }

  return {
    opened,
    enqueue: (source, entries) => ask('enqueue', source, pack(entries)),
    lanes: () => ask('lanes'),
    lease: (lane, max, forMs) => ask('lease', lane, max, forMs),
    leaseProbe: (lane, unwantedKeys, forMs) => ask('leaseProbe', lane, unwantedKeys, forMs),
    settle: (settlements, notes) => ask('settle', settlements, notes),
    close: () => (closed ??= close()),
    walBytes: () => walBytes(path),
    dead: {
      list: (query, page) => ask('deadList', query, page),
      get: (id) => ask('deadGet', id),
      revive: (letters) => ask('deadRevive', letters),
      discard: (ids) => ask('deadDiscard', ids),
      totals: () => ask('deadTotals'),
    },
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
