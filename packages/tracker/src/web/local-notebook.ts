import { toJson } from '../core/json.ts'
import type { Notebook } from '../core/platform.ts'

/** Characters of all records together: engines give an origin some 5,000,000, and the host page needs its share. */
const MAX_CHARS = 1_000_000

/** localStorage, one key a record. It may be null, missing, full, or forbidden. */
export function localNotebook(name: string): Notebook {
  const prefix = `${name}:`
  const names = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix))

  function attempt<Value>(use: () => Value, otherwise: Value): Value {
    try {
      return use()
    } catch {
      return otherwise
    }
  }

  return {
    name: 'localstorage',
    write: (records) =>
      attempt(() => {
        for (const [key, record] of records) {
          if (record) {
            const text = toJson(record) as string
            if (names().reduce((chars, other) => chars + localStorage[other].length, text.length) > MAX_CHARS)
              return false
            localStorage.setItem(prefix + key, text)
          } else localStorage.removeItem(prefix + key)
        }
        return true
      }, false),
    keys: () => attempt(() => names().map((key) => key.slice(prefix.length)), []),
    read: (key) => attempt<unknown>(() => JSON.parse(localStorage.getItem(prefix + key) as string), 0),
  }
}
