import { afterEach, expect, it, vi } from 'vitest'
import { tokenCalls } from './token-calls.ts'

afterEach(() => void vi.useRealTimers())

it('counts calls as they begin, whatever becomes of them', async () => {
  const calls = tokenCalls(() => Promise.reject(new Error('lost')))
  expect(calls.begun).toBe(0)
  const lost = calls.fetch('https://platform.example')
  expect(calls.begun).toBe(1)
  await expect(lost).rejects.toThrow('lost')
})

it('waits for work that began since, and for no other', async () => {
  const calls = tokenCalls()
  const never = new Promise(() => {})
  calls.share(never)
  const ended = calls.watch()
  await ended()
  let end = () => {}
  calls.share(new Promise<void>((resolve) => (end = resolve)))
  calls.share(Promise.reject(new Error('lost')))
  const told = vi.fn()
  const waiting = ended().then(told)
  await new Promise(setImmediate)
  expect(told).not.toHaveBeenCalled()
  end()
  await waiting
})

it('waits for work that never ends for no longer than a token call may take', async () => {
  vi.useFakeTimers()
  const calls = tokenCalls()
  const ended = calls.watch()
  calls.share(new Promise(() => {}))
  const waiting = ended()
  await vi.advanceTimersByTimeAsync(11_000)
  await waiting
})

it('forgets work that has ended, and then waits for nothing', async () => {
  const calls = tokenCalls()
  const ended = calls.watch()
  calls.share(Promise.resolve())
  calls.share(Promise.reject(new Error('lost')))
  await ended()
  vi.useFakeTimers()
  const waiting = ended()
  expect(vi.getTimerCount()).toBe(0)
  await waiting
})
