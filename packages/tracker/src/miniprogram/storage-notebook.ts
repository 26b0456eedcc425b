import type { Notebook } from '../core/platform.ts'
import type { MiniHost } from './hosts.ts'
import { parse } from './storage-store.ts'

/**
 * A mini-program's storage, by its synchronous calls. Some hosts have them and give undefined, or throw: what is not
 * read is not known, and is not taken for missing.
 */
export function storageNotebook({ api, hasObjects }: MiniHost, name: string): Notebook {
  const prefix = `${name}~`
  /** Asked for once: it costs a launch more than a read, and what other copies write later is for the next launch. */
  let known: string[] | undefined

  /** What a call gives, or undefined where it failed. */
  function attempt<Value>(call: () => Value): Value | undefined {
    try {
      return call()
    } catch {
      return undefined
    }
  }

  function keys(): string[] {
    if (!known) {
      const info = attempt(() => api.getStorageInfoSync())
      known = ((info && info.keys) || []).filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))
    }
    return known
  }

  /** Alipay throws nothing: it says so in its result. */
  const change = (call: () => unknown) => {
    const result = attempt(() => [call()])
    const told = result && (result[0] as { success?: boolean; error?: unknown } | undefined)
    return !!result && !(told && (told.success === false || told.error))
  }

  return {
    name: 'storage',
    keys,
    write: (records) =>
      records.every(([key, record]) => {
        const at = prefix + key
        known = keys().filter((other) => other !== key)
        if (!record) return change(() => api.removeStorageSync(hasObjects ? { key: at } : at))
        const data = JSON.stringify(record)
        const isWritten = change(() =>
          hasObjects ? api.setStorageSync({ key: at, data }) : api.setStorageSync(at, data),
        )
        if (isWritten) known.push(key)
        return isWritten
      }),
    read(key) {
      const at = prefix + key
      const found = attempt(() => api.getStorageSync(hasObjects ? { key: at } : at))
      const data = hasObjects && found ? (found as { data?: unknown }).data : found
      // Undefined: the host did not say. An empty text, or null: there is none.
      return data === undefined ? 0 : parse(data) || null
    },
  }
}
