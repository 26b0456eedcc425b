import type { Notes } from '../core/platform.ts'

/** One key of localStorage, which may be null, missing, full or forbidden: then nothing is remembered. */
export function localNotes(key: string): Notes {
  return {
    read() {
      try {
        return localStorage.getItem(key) || undefined
      } catch {
        return undefined
      }
    },
    write(text) {
      try {
        localStorage.setItem(key, text)
      } catch {
        // The tracker knows it in memory; the next page begins anew.
      }
    },
  }
}
