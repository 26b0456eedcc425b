import type { Notes } from '../core/platform.ts'

/** One key of localStorage, which may be null, missing, full or forbidden: then nothing is remembered. */
export function localNotes(key: string): Notes {
  return {
    read: () => localStorage.getItem(key),
    write(text) {
      try {
        localStorage.setItem(key, text)
      } catch {
        // The tracker knows it in memory; the next page begins anew.
      }
    },
  }
}
