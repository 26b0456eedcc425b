import { resolve } from 'node:path'
import { keptConnections } from './kept-connections.ts'
import { startWorkerd } from './workerd.ts'

/** The objects of `test/runtimes/workers/queue-object.ts` in a workerd of their own. */
export interface QueueObjects {
  /** Asks the object that the path names. @throws where it does not answer, as where workerd was killed. */
  post: Post
  /** See `Workerd`. */
  kill(): Promise<void>
  close(): Promise<void>
}

export type Post = ReturnType<typeof keptConnections>['post']

/** @param persist the folder in which they outlive this. */
export async function startQueueObjects(persist?: string): Promise<QueueObjects> {
  const workerd = await startWorkerd({
    entry: resolve(import.meta.dirname, '../runtimes/workers/queue-object.ts'),
    durableObjects: { QUEUES: 'QueueObject' },
    ...(persist === undefined ? {} : { persist }),
  })
  const connections = keptConnections(workerd.url)
  return {
    post: connections.post,
    kill: workerd.kill,
    close() {
      connections.close()
      return workerd.dispose()
    },
  }
}
