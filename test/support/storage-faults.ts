/** What a device may do to a page's storage. Each function runs in the page, before any other script. */
export const STORAGE_FAULTS = {
  /** As in some private windows and web views. */
  'IndexedDB denied': () => {
    Object.defineProperty(window, 'indexedDB', {
      get() {
        throw new DOMException('denied', 'SecurityError')
      },
    })
  },

  /** As with a damaged profile. */
  'IndexedDB open erroring': () => {
    IDBFactory.prototype.open = () => {
      const request = { error: new DOMException('Internal error', 'UnknownError') } as unknown as IDBOpenDBRequest
      setTimeout(() => request.onerror?.(new Event('error')))
      return request
    }
  },

  /** As in Safari 14: the first opening never answers. Here none does. */
  'IndexedDB open hanging': () => {
    IDBFactory.prototype.open = () => ({}) as IDBOpenDBRequest
  },

  /** As in WebKit after a while in the background; begins when the test calls `beginFault`. */
  'IndexedDB severed mid-way': () => {
    const databases: IDBDatabase[] = []
    const begin = IDBDatabase.prototype.transaction
    IDBDatabase.prototype.transaction = function (...args) {
      databases.push(this)
      return begin.apply(this, args)
    }
    window.beginFault = () => databases.forEach((database) => database.close())
  },

  /** As where reconnecting does not help either; begins when the test calls `beginFault`. */
  'IndexedDB with InvalidStateError mid-way': () => {
    window.beginFault = () => {
      IDBDatabase.prototype.transaction = () => {
        throw new DOMException('The database connection is closing.', 'InvalidStateError')
      }
    }
  },

  /** A device without room: a transaction that writes is aborted, and localStorage refuses. */
  'quota refused': () => {
    const put = IDBObjectStore.prototype.put
    IDBObjectStore.prototype.put = function (...args) {
      const request = put.apply(this, args)
      this.transaction.abort()
      return request
    }
    Storage.prototype.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError')
    }
  },
} satisfies Record<string, () => void>

export type StorageFault = keyof typeof STORAGE_FAULTS

declare global {
  interface Window {
    /** Begins a fault that comes mid-way; absent in pages without one. */
    beginFault?: () => void
  }
}
