import { afterEach, expect, it, vi } from 'vitest'
import type { TokenAnswer, TokenSource } from '@warren/rabbitpre'
import { patientToken } from './patient-token.ts'

afterEach(() => void vi.useRealTimers())

const granted = (generation: number): TokenAnswer => ({ kind: 'granted', token: `t${generation}`, generation })

it('makes the source anew where it gives no answer, once for all who waited', async () => {
  vi.useFakeTimers()
  let made = 0
  const token = patientToken((): TokenSource => {
    const generation = ++made
    const answer = () => (generation === 1 ? new Promise<never>(() => {}) : Promise.resolve(granted(generation)))
    return { current: answer, refused: answer, accepted: () => {} }
  })
  const waiting = Promise.all([token.current(), token.refused(1)])
  await vi.advanceTimersByTimeAsync(12_000)
  expect(await waiting).toMatchObject([
    { kind: 'unavailable', isInDoubt: false, words: 'no token within 12000 ms' },
    { kind: 'unavailable' },
  ])
  expect(await token.current()).toEqual(granted(2))
  expect(made).toBe(2)
})

it('hands on what it is told, and leaves a source that answers alone', async () => {
  const accepted = vi.fn()
  const make = vi.fn(() => ({
    current: () => Promise.resolve(granted(1)),
    refused: (generation: number) => Promise.resolve(granted(generation + 1)),
    accepted,
  }))
  const token = patientToken(make)
  expect(await token.current()).toEqual(granted(1))
  expect(await token.refused(1)).toEqual(granted(2))
  token.accepted(2)
  expect(accepted).toHaveBeenCalledWith(2)
  expect(make).toHaveBeenCalledOnce()
})
