import type { MiniThread } from './mini-thread.ts'

export interface MiniListeners {
  on(listener: (result: never) => void): void
  /** One, or all where none is named. */
  off(listener?: (result: never) => void): void
  fire(result: unknown): void
}

/** What listens to one event of the host, in the order in which it came. */
export function createMiniListeners(thread: MiniThread, name: string): MiniListeners {
  let listeners: ((result: never) => void)[] = []
  return {
    on(listener) {
      if (typeof listener === 'function') listeners.push(listener)
      else thread.violate(`${name}: the listener is ${typeof listener}`)
    },
    off(listener) {
      listeners = listener ? listeners.filter((other) => other !== listener) : []
    },
    fire(result) {
      for (const listener of listeners) thread.call(() => listener(result as never))
    },
  }
}
