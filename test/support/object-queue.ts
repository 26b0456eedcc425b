import { QueueFullError, type QueueLimits } from '@warren/collector'
import type { QueueWithDead } from '../../packages/collector/src/queue/conformance.ts'
import type { Post } from './queue-objects.ts'
import type { QueueAnswers, QueueCalls, QueueMethod, QueueMethods } from '../runtimes/workers/queue-calls.ts'

export interface ObjectQueue extends QueueWithDead {
  /** Throws the object's instance away as it is; the next call builds it anew from its storage. */
  abort(): Promise<void>
}

export interface ObjectQueueOptions {
  now: () => number
  limits?: Partial<QueueLimits>
}

/** The queue in the object of this name. What is asked in one turn of the event loop crosses in one message. */
export function objectQueue(post: Post, name: string, { now, limits = {} }: ObjectQueueOptions): ObjectQueue {
  interface Asked {
    call: QueueCalls['calls'][number]
    resolve: (value: unknown) => void
    reject: (error: unknown) => void
  }
  let waiting: Asked[] = []

  async function send(): Promise<void> {
    const group = waiting
    waiting = []
    try {
      const message: QueueCalls = { now: now(), limits, calls: group.map(({ call }) => call) }
      const answers = JSON.parse(await post(`/${name}`, JSON.stringify(message))) as QueueAnswers
      group.forEach(({ resolve, reject }, index) => {
        const answer = answers[index]
        if (!answer) reject(new Error('a call was not answered'))
        else if ('error' in answer) reject(answer.isFull ? new QueueFullError(answer.error) : new Error(answer.error))
        else resolve(answer.value)
      })
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  function call<M extends QueueMethod>(method: M, ...args: Parameters<QueueMethods[M]>): ReturnType<QueueMethods[M]> {
    if (waiting.length === 0) setImmediate(() => void send())
    const answer = new Promise((resolve, reject) => waiting.push({ call: { method, args }, resolve, reject }))
    return answer as ReturnType<QueueMethods[M]>
  }

  return {
    enqueue: (source, entries) => call('enqueue', source, entries),
    lanes: () => call('lanes'),
    lease: (lane, max, forMs) => call('lease', lane, max, forMs),
    leaseProbe: (lane, unwantedKeys, forMs) => call('leaseProbe', lane, unwantedKeys, forMs),
    settle: (settlements, notes = new Map()) => call('settle', settlements, [...notes]),
    close: () => call('close'),
    async abort() {
      await post(`/${name}/abort`, '')
    },
    dead: {
      list: (query, page) => (page ? call('deadList', query, page) : call('deadList', query)),
      get: (id) => call('deadGet', id),
      revive: (letters) => call('deadRevive', letters),
      discard: (ids) => call('deadDiscard', ids),
      totals: () => call('deadTotals'),
    },
  }
}
