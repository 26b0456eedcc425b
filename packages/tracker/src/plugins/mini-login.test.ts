import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Identity, Tracker } from '../core/api.ts'
import { acceptAll, createTestPage } from '../core/test-platform.ts'
import { login, type LoginResult } from './mini-login.ts'

const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  warn.mockClear()
})

function fakeTracker() {
  const known: Identity[] = []
  const tracker: Pick<Tracker, 'identify'> = { identify: (identity) => void known.push(identity) }
  return { known, tracker }
}

it('identifies by what the app finds out, asking once', async () => {
  const { tracker, known } = fakeTracker()
  const ask = vi.fn(() => Promise.resolve({ openid: 'o1', unionid: 'u1' }))
  expect(await login(tracker, ask)).toEqual({ status: 'identified', identity: { openid: 'o1', unionid: 'u1' } })
  expect(known).toEqual([{ openid: 'o1', unionid: 'u1' }])
  expect(ask).toHaveBeenCalledTimes(1)
  expect(warn).not.toHaveBeenCalled()
})

it('leaves out what the answer left open', async () => {
  const { tracker, known } = fakeTracker()
  await login(tracker, () => Promise.resolve({ openid: 'o1', unionid: null, phone: undefined, uid: '' }))
  expect(known).toEqual([{ openid: 'o1' }])
})

it('asks again where that fails, later each time', async () => {
  const { tracker, known } = fakeTracker()
  const at: number[] = []
  const ask = vi.fn(() => {
    at.push(Date.now())
    return at.length < 4 ? Promise.reject(new Error('offline')) : Promise.resolve({ openid: 'o1' })
  })
  const result = login(tracker, ask)
  await vi.runAllTimersAsync()
  expect(await result).toMatchObject({ status: 'identified' })
  expect(known).toEqual([{ openid: 'o1' }])
  const waits = at.slice(1).map((time, i) => time - (at[i] ?? 0))
  for (const [i, wait] of waits.entries()) {
    expect(wait).toBeGreaterThanOrEqual(500 * 2 ** i)
    expect(wait).toBeLessThanOrEqual(1_000 * 2 ** i)
  }
})

it.each<[string, () => Promise<never>]>([
  ['rejects', () => Promise.reject(new Error('offline'))],
  [
    'throws',
    () => {
      throw new Error('offline')
    },
  ],
])('gives up an app that only %s, and tells it without a rejection', async (_, fail) => {
  const { tracker, known } = fakeTracker()
  const ask = vi.fn(fail)
  let result: LoginResult | undefined
  // Nobody awaits it.
  void login(tracker, ask).then((told) => (result = told))
  await vi.runAllTimersAsync()
  expect(ask).toHaveBeenCalledTimes(5)
  expect(result).toEqual({ status: 'failed', cause: new Error('offline') })
  expect(known).toEqual([])
  expect(warn).toHaveBeenCalledTimes(1)
})

it.each([{}, { openid: null }, undefined])('does not ask again where the answer is %o', async (answer) => {
  const { tracker, known } = fakeTracker()
  const ask = vi.fn(() => Promise.resolve(answer as { openid?: string }))
  expect(await login(tracker, ask)).toMatchObject({ status: 'failed' })
  expect(ask).toHaveBeenCalledTimes(1)
  expect(known).toEqual([])
})

it('lets go the events that waited for it', async () => {
  vi.useRealTimers()
  const page = createTestPage({ answer: acceptAll, more: { identityPolicy: 'hold' } })
  page.tracker.track('c_a')
  await page.pass(5_000)
  expect(page.requests).toHaveLength(0)
  await login(page.tracker, () => Promise.resolve({ openid: 'o1' }))
  await page.pass(1_000)
  expect(page.requests[0]?.body.events[0]?.identity).toEqual({ openid: 'o1' })
  await page.tracker.close()
})
