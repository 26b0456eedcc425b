import { promisifyRequest } from 'idb-keyval'
import type { Store } from '../core/platform.ts'

const STORE = 'chunks'

/**
 * What does not answer within this will not: in some engines an opening hangs for ever (Safari 14), or as long as a page
 * in the back/forward cache has one unfinished (Chromium). A first opening takes 14–20 ms.
 */
const WATCHDOG_MS = 2_000

/** IndexedDB, one database a name. Opens at first use; each write is one transaction, resolved when it completed. */
export function idbStore(name: string): Store {
  let connection: Promise<IDBDatabase> | undefined

  function connect() {
    const request = indexedDB.open(name)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE)
    return promisifyRequest(request).then((database) => {
      // A page that deletes its databases must not wait for ours; it opens again when it is needed.
      database.onversionchange = () => database.close()
      return database
    })
  }

  // Where IndexedDB is missing, null or forbidden, this throws: in an async function, so that it becomes a rejection.
  async function attempt<Value>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => Promise<Value>) {
    connection = connection || connect()
    return work((await connection).transaction(STORE, mode).objectStore(STORE))
  }

  // A severed connection stays severed, and an opening may fail once: a second attempt is made with another one.
  const use: typeof attempt = (mode, work) =>
    Promise.race([
      attempt(mode, work).catch(() => {
        connection = undefined
        return attempt(mode, work)
      }),
      new Promise<never>((_, reject) => setTimeout(reject, WATCHDOG_MS, 'it does not answer')),
    ]).catch((cause) => {
      connection = undefined
      throw cause
    })

  return {
    name: 'indexeddb',
    write: (records) =>
      use('readwrite', (store) => {
        for (const [key, record] of records) {
          if (record) store.put(record, key)
          else store.delete(key)
        }
        return promisifyRequest(store.transaction)
      }),
    // All of ours are texts.
    keys: () => use('readonly', (store) => promisifyRequest(store.getAllKeys() as IDBRequest<string[]>)),
    read: (key) => use('readonly', (store) => promisifyRequest<unknown>(store.get(key))),
  }
}
