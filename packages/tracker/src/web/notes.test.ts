import { afterEach, expect, it, vi } from 'vitest'
import { localNotes } from './notes.ts'

const real = Object.getOwnPropertyDescriptor(globalThis, 'localStorage') as PropertyDescriptor
afterEach(() => {
  Object.defineProperty(globalThis, 'localStorage', real)
  localStorage.clear()
  vi.restoreAllMocks()
})

it('remembers under its key', () => {
  const notes = localNotes('warren:shop')
  expect(notes.read()).toBeNull()
  notes.write('text')
  expect(localNotes('warren:shop').read()).toBe('text')
  expect(localNotes('warren:other').read()).toBeNull()
  expect(localStorage.getItem('warren:shop')).toBe('text')
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
  [
    'full',
    {
      value: {
        getItem: () => null,
        setItem() {
          throw new Error('QuotaExceededError')
        },
      },
    },
  ],
])('writes nothing, and does not throw, where localStorage is %s', (_, descriptor) => {
  Object.defineProperty(globalThis, 'localStorage', { ...descriptor, configurable: true })
  const notes = localNotes('warren:shop')
  expect(() => notes.write('text')).not.toThrow()
})
