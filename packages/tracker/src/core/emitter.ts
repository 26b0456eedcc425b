import type { TrackerSignals } from './api.ts'

export interface Emitter {
  on<Name extends keyof TrackerSignals>(name: Name, listener: (signal: TrackerSignals[Name]) => void): () => void
  emit<Name extends keyof TrackerSignals>(name: Name, signal: TrackerSignals[Name]): void
}

/** Tells listeners. What they throw ends here. */
export function createEmitter(): Emitter {
  const listeners = new Set<[name: string, listener: (signal: never) => void]>()
  const emitting: string[] = []
  return {
    on(name, listener) {
      const entry: [string, typeof listener] = [name, listener]
      listeners.add(entry)
      return () => {
        listeners.delete(entry)
      }
    },
    emit(name, signal) {
      // A listener of `dropped` that tracks something bad would call itself for ever.
      if (emitting.includes(name)) return
      emitting.push(name)
      for (const [wanted, listener] of listeners) {
        try {
          if (wanted === name) listener(signal as never)
        } catch {
          // The host's listener is the host's trouble, and no reason to stop tracking.
        }
      }
      emitting.pop()
    },
  }
}
