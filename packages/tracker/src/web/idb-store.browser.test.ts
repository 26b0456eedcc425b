import { afterEach, expect, it, vi } from 'vitest'
import { testStore } from '../core/store-conformance.ts'
import { idbStore } from './idb-store.ts'

testStore('indexeddb', idbStore)

const real = Object.getOwnPropertyDescriptor(window, 'indexedDB') as PropertyDescriptor
afterEach(() => {
  Object.defineProperty(window, 'indexedDB', real)
  vi.restoreAllMocks()
})

it.each<[string, PropertyDescriptor]>([
  ['null', { value: null }],
  ['undefined', { value: undefined }],
  [
    'a getter that throws',
    {
      get() {
        throw new Error('SecurityError')
      },
    },
  ],
])('rejects, and does not throw, where indexedDB is %s', async (_, descriptor) => {
  Object.defineProperty(window, 'indexedDB', { ...descriptor, configurable: true })
  const store = idbStore('refused')
  await expect(store.write([['a', 1]])).rejects.toBeDefined()
  await expect(store.keys()).rejects.toBeDefined()
  await expect(store.read('a')).rejects.toBeDefined()
})

it('resolves a write when its transaction has completed', async () => {
  const order: string[] = []
  const begin = IDBDatabase.prototype.transaction
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, ...input) {
    const transaction = begin.apply(this, input)
    transaction.addEventListener('complete', () => order.push('complete'))
    return transaction
  })
  await idbStore(`complete-${Date.now()}`).write([['a', 1]])
  order.push('resolved')
  expect(order).toEqual(['complete', 'resolved'])
})

it('opens another connection after a severed one', async () => {
  const name = `severed-${Date.now()}`
  const store = idbStore(name)
  await store.write([['a', 1]])
  const databases: IDBDatabase[] = []
  const begin = IDBDatabase.prototype.transaction
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, ...input) {
    databases.push(this)
    return begin.apply(this, input)
  })
  await store.keys()
  databases[0]?.close()
  expect(await store.read('a')).toBe(1)
})
