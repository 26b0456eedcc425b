import type { Store } from '../core/platform.ts'

/**
 * localStorage, one key a record. What a method does, it has done before it returns its promise: a page that is left
 * has no later. Not durable for seconds if the browser is killed.
 */
export function localStore(name: string): Store {
  const prefix = `${name}:`
  return {
    name: 'localstorage',
    put: async (records) =>
      records.forEach(([key, record]) => localStorage.setItem(prefix + key, JSON.stringify(record))),
    keys: async () =>
      Object.keys(localStorage)
        .filter((key) => key.startsWith(prefix))
        .map((key) => key.slice(prefix.length))
        .sort(),
    async read(key) {
      const text = localStorage.getItem(prefix + key)
      try {
        return text === null ? undefined : JSON.parse(text)
      } catch {
        // The reader sees that it is no record.
        return text
      }
    },
    remove: async (keys) => keys.forEach((key) => localStorage.removeItem(prefix + key)),
  }
}
