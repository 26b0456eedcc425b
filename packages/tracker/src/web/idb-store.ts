import { createStore, promisifyRequest } from 'idb-keyval'
import type { Store } from '../core/platform.ts'

/** IndexedDB, one database a name. Opens at first use; each write is one transaction, resolved when it completed. */
export function idbStore(name: string): Store {
  const connect = () => createStore(name, 'chunks')
  let connection = connect()

  // Where IndexedDB is missing, null or forbidden, the first use throws: in here, so that it becomes a rejection.
  async function use<Value>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => Promise<Value>): Promise<Value> {
    try {
      return await connection(mode, work)
    } catch (cause) {
      // A severed connection stays severed: the next use opens another.
      connection = connect()
      throw cause
    }
  }

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
    read: (keys) =>
      use('readonly', (store) => Promise.all(keys.map((key) => promisifyRequest<unknown>(store.get(key))))),
    remove: (keys) => write((store) => keys.forEach((key) => store.delete(key))),
  }
}
