import type { TrackerSignals } from './api.ts'

export interface Emitter {
  on<Name extends keyof TrackerSignals>(name: Name, listener: (signal: TrackerSignals[Name]) => void): () => void
  emit<Name extends keyof TrackerSignals>(name: Name, signal: TrackerSignals[Name]): void
}

/** Tells listeners. What they throw ends here. */
export function createEmitter(): Emitter {
  const tells = new Set<(name: string, signal: never) => void>()
  return {
    on(wanted, listener) {
      let isTelling = false
      function tell(name: string, signal: never) {
        // A listener of `dropped` that tracks something bad would call itself for ever.
        if (name !== wanted || isTelling) return
        isTelling = true
        try {
          listener(signal)
        } catch {
          // The host's listener is the host's trouble, and no reason to stop tracking.
        }
        isTelling = false
      }
      tells.add(tell)
      return () => {
        tells.delete(tell)
      }
    },
    emit(name, signal) {
      // A copy: a listener may end itself and begin anew while it is told.
      // oxlint-disable-next-line unicorn/no-useless-spread -- a live Set would go on for ever
      for (const tell of [...tells]) tell(name, signal as never)
    },
  }
}
