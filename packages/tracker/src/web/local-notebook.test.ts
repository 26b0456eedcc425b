import { afterEach, describe, expect, it, vi } from 'vitest'
import { testNotebook } from '../core/store-conformance.ts'
import { createTracker } from './index.ts'
import { localNotebook } from './local-notebook.ts'

testNotebook('localstorage', localNotebook)

const real = Object.getOwnPropertyDescriptor(globalThis, 'localStorage') as PropertyDescriptor
afterEach(() => {
  Object.defineProperty(globalThis, 'localStorage', real)
  localStorage.clear()
  vi.unstubAllGlobals()
})

it('is one key a record', () => {
  localNotebook('warren:shop').write([
    ['a', 1],
    ['b', { v: 1 }],
  ])
  expect([localStorage.getItem('warren:shop:a'), localStorage.getItem('warren:shop:b')]).toEqual(['1', '{"v":1}'])
})

it('sees nothing of other keys, and tells a damaged text from none', () => {
  localStorage.setItem('host', 'x')
  localStorage.setItem('warren:shop:a', '{"v":')
  const notebook = localNotebook('warren:shop')
  expect(notebook.keys()).toEqual(['a'])
  expect([notebook.read('a'), notebook.read('b')]).toEqual([0, null])
})

it('takes a million characters, and leaves the rest to the host page', () => {
  const notebook = localNotebook('warren:shop')
  const text = 'x'.repeat(299_990)
  expect(notebook.write(['a', 'b', 'c'].map((key) => [key, text]))).toBe(true)
  expect(notebook.write([['d', text]])).toBe(false)
  expect(notebook.keys().sort()).toEqual(['a', 'b', 'c'])
  expect(localNotebook('warren:other').write([['d', text]])).toBe(true)
  expect(notebook.write([['a'], ['d', text]])).toBe(true)
})

it('keeps arrays where the page gives them a toJSON, and leaves it there', () => {
  const host = Array.prototype as { toJSON?: () => string }
  host.toJSON = () => 'spoiled'
  try {
    const notebook = localNotebook('warren:shop')
    notebook.write([['a', { events: [['u', '{}']] }]])
    expect(notebook.read('a')).toEqual({ events: [['u', '{}']] })
    expect(host.toJSON()).toBe('spoiled')
  } finally {
    delete host.toJSON
  }
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
  it('is empty, and does not throw', () => {
    Object.defineProperty(globalThis, 'localStorage', { ...descriptor, configurable: true })
    const notebook = localNotebook('refused')
    expect(notebook.write([['a', 1]])).toBe(false)
    expect(notebook.keys()).toEqual([])
    expect(notebook.read('a')).toBe(0)
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

it('says so where localStorage is full', () => {
  const full = {
    setItem() {
      throw new Error('QuotaExceededError')
    },
  }
  Object.defineProperty(globalThis, 'localStorage', { value: full, configurable: true })
  expect(localNotebook('full').write([['a', 1]])).toBe(false)
})
