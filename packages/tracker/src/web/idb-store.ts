import { promisifyRequest } from 'idb-keyval'
import type { Store } from '../core/platform.ts'

const STORE = 'chunks'

/** IndexedDB, one database a name. Opens at first use; each write is one transaction, resolved when it completed. */
export function idbStore(name: string): Store {
  let connection: Promise<IDBDatabase> | undefined

  function connect() {
    const request = indexedDB.open(name)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE)
    return promisifyRequest(request)
  }

  // Where IndexedDB is missing, null or forbidden, this throws: in an async function, so that it becomes a rejection.
  async function attempt<Value>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => Promise<Value>) {
    connection = connection || connect()
    return work((await connection).transaction(STORE, mode).objectStore(STORE))
  }

  // A severed connection stays severed, and an opening may fail once: a second attempt is made with another one.
  const use: typeof attempt = (mode, work) =>
    attempt(mode, work).catch(() => {
      connection = undefined
      return attempt(mode, work)
    })

  const write = (change: (store: IDBObjectStore) => void) =>
    use('readwrite', (store) => {
      change(store)
      return promisifyRequest(store.transaction)
    })

  return {
    name: 'indexeddb',
    put: (records) => write((store) => records.forEach(([key, record]) => store.put(record, key))),
    // All of ours are texts; IndexedDB sorts them as JavaScript does.
    keys: () => use('readonly', (store) => promisifyRequest(store.getAllKeys() as IDBRequest<string[]>)),
    read: (key) => use('readonly', (store) => promisifyRequest<unknown>(store.get(key))),
    remove: (keys) => write((store) => keys.forEach((key) => store.delete(key))),
  }
}
