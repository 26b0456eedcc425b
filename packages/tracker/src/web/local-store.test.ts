import { afterEach, describe, expect, it, vi } from 'vitest'
import { testStore } from '../core/store-conformance.ts'
import { createTracker } from './index.ts'
import { localStore } from './local-store.ts'

testStore('localstorage', localStore)

const real = Object.getOwnPropertyDescriptor(globalThis, 'localStorage') as PropertyDescriptor
afterEach(() => {
  Object.defineProperty(globalThis, 'localStorage', real)
  localStorage.clear()
  vi.unstubAllGlobals()
})

it('has written when put returns, one key a record', () => {
  void localStore('warren:shop').put([
    ['a', 1],
    ['b', { v: 1 }],
  ])
  expect([localStorage.getItem('warren:shop:a'), localStorage.getItem('warren:shop:b')]).toEqual(['1', '{"v":1}'])
})

it('sees nothing of other keys, and gives a damaged text as it is', async () => {
  localStorage.setItem('warren:shop', 'a note')
  localStorage.setItem('host', 'x')
  localStorage.setItem('warren:shop:a', '{"v":')
  const store = localStore('warren:shop')
  expect(await store.keys()).toEqual(['a'])
  expect(await store.read('a')).toBe('{"v":')
})

const refusals: [string, PropertyDescriptor][] = [
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
]

describe.each(refusals)('where localStorage is %s', (_, descriptor) => {
  it('rejects, and does not throw', async () => {
    Object.defineProperty(globalThis, 'localStorage', { ...descriptor, configurable: true })
    const store = localStore('refused')
    await expect(store.put([['a', 1]])).rejects.toBeDefined()
    await expect(store.keys()).rejects.toBeDefined()
    await expect(store.read('a')).rejects.toBeDefined()
    await expect(store.remove(['a'])).rejects.toBeDefined()
  })

  it('costs a page that leaves no exception', async () => {
    Object.defineProperty(globalThis, 'localStorage', { ...descriptor, configurable: true })
    vi.stubGlobal('fetch', () => Promise.reject(new Error('offline')))
    // happy-dom's would go out to the network.
    navigator.sendBeacon = () => false
    const tracker = createTracker({ endpoint: 'https://c.example', source: 'refused' })
    tracker.track('c_a')
    window.dispatchEvent(new Event('pagehide'))
    await Promise.resolve()
    window.dispatchEvent(new Event('pageshow'))
    expect(tracker.health().waiting).toBe(1)
    await tracker.close()
  })
})

it('rejects where localStorage is full', async () => {
  const full = {
    setItem() {
      throw new Error('QuotaExceededError')
    },
  }
  Object.defineProperty(globalThis, 'localStorage', { value: full, configurable: true })
  await expect(localStore('full').put([['a', 1]])).rejects.toThrow(/Quota/)
})
