import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { within } from './within.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('gives an answer that comes in time, and leaves no timer behind', async () => {
  const told = within(1000, () => new Promise((resolve) => setTimeout(() => resolve('answer'), 999)))
  await vi.advanceTimersByTimeAsync(999)
  expect(await told).toBe('answer')
  await expect(within(1000, () => Promise.reject(new Error('lost')))).rejects.toThrow('lost')
  expect(vi.getTimerCount()).toBe(0)
})

it('rejects where it takes longer', async () => {
  const told = expect(within(1000, () => new Promise(() => {}))).rejects.toThrow('no answer within 1000 ms')
  await vi.advanceTimersByTimeAsync(1000)
  await told
})
