import type { Store } from '../core/platform.ts'
import type { MiniHost, StorageOptions } from './hosts.ts'

/**
 * A mini-program's storage, by its asynchronous calls: one key a record, and no index that a kill could leave half
 * written. A record is a text of JSON, at most 30 KB of it (hosts take 1 MB a key, Alipay 200 KB).
 */
export function storageStore({ api }: MiniHost, name: string): Store {
  const prefix = `${name}:`

  /** The call's result, or undefined; rejects with the host's words. */
  const call = (use: (options: StorageOptions) => unknown, key: string, data?: string) =>
    new Promise<{ data?: unknown }>((success, reject) =>
      use({ key: prefix + key, data: data as string, success, fail: (failure) => reject(wordsOf(failure)) }),
    )

  return {
    name: 'storage',
    async write(records) {
      for (const [key, record] of records) {
        // In turn: a host takes them one at a time anyway, and what is put must be there before what is removed is gone.
        if (record) await call((options) => api.setStorage(options), key, JSON.stringify(record))
        else await call((options) => api.removeStorage(options), key).catch(() => {})
      }
    },
    keys: () =>
      new Promise((resolve, reject) =>
        api.getStorageInfo({
          success: ({ keys = [] }) =>
            resolve(keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))),
          fail: (failure) => reject(wordsOf(failure)),
        }),
      ),
    async read(key) {
      // A key that is not there is a failure like any other, or an empty text.
      const { data } = await call((options) => api.getStorage(options), key).catch(() => ({ data: '' }))
      return parse(data)
    },
  }
}

export function wordsOf({ errMsg, errorMessage }: { errMsg?: string; errorMessage?: string }): string {
  return `${errMsg || errorMessage}`
}

/** What a stored text says; undefined for none, the text itself for one that is damaged. */
export function parse(data: unknown): unknown {
  if (data === '' || data === undefined || data === null) return undefined
  try {
    return JSON.parse(data as string)
  } catch {
    return data
  }
}
