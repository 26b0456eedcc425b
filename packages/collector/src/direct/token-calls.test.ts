import { expect, it, vi } from 'vitest'
import { tokenCalls } from './token-calls.ts'

it('counts calls, and waits for those that began since', async () => {
  const answers: (() => void)[] = []
  const calls = tokenCalls(() => new Promise((resolve) => answers.push(() => resolve(new Response()))))
  const first = calls.fetch('https://platform.example')
  const since = calls.begun
  await calls.ended(since)
  void calls.fetch('https://platform.example')
  expect(calls.begun).toBe(2)
  const ended = vi.fn()
  const waiting = calls.ended(since).then(ended)
  await new Promise(setImmediate)
  expect(ended).not.toHaveBeenCalled()
  answers[1]?.()
  await waiting
  answers[0]?.()
  await first
})

it('waits for one that never ends for no longer than a token call may take', async () => {
  vi.useFakeTimers()
  const calls = tokenCalls(() => new Promise(() => {}))
  void calls.fetch('https://platform.example')
  const waiting = calls.ended(0)
  await vi.advanceTimersByTimeAsync(11_000)
  await waiting
  vi.useRealTimers()
})

it('ends with calls that fail, too', async () => {
  const calls = tokenCalls(() => Promise.reject(new Error('lost')))
  await expect(calls.fetch('https://platform.example')).rejects.toThrow('lost')
  await calls.ended(0)
})
