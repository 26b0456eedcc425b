import type { TokenAnswer } from '@warren/rabbitpre'
import { expect, it } from 'vitest'
import { budgetedToken } from './budgeted-token.ts'
import { requestBudget } from './request-budget.ts'

const ok = () => Promise.resolve(new Response('ok'))

it('lets so many calls through and no more', async () => {
  const budget = requestBudget({ calls: 2, fetch: ok })
  await budget.fetch('https://platform.example')
  await budget.fetch('https://platform.example')
  expect([budget.left, budget.isUsedUp]).toEqual([0, false])
  await expect(budget.fetch('https://platform.example')).rejects.toThrow('used up')
  expect(budget.isUsedUp).toBe(true)
})

it('begins no call after 12 s', () => {
  let clock = 0
  const budget = requestBudget({ now: () => clock, fetch: ok })
  clock = 12_000
  expect(budget.left).toBe(8)
  clock = 12_001
  expect(budget.left).toBe(0)
  expect(budget.take()).toBe(false)
})

it('pays for the token calls that were made, whether one or none', async () => {
  const budget = requestBudget({ calls: 3, fetch: ok })
  let begun = 5
  let made = 0
  const answer = () => {
    begun += made
    return Promise.resolve({ kind: 'granted', token: 't', generation: 1 } as const)
  }
  const token = budgetedToken({ current: answer, refused: answer, accepted: () => {} }, budget, () => begun)
  await token.current()
  expect(budget.left).toBe(3)
  made = 1
  await token.current()
  expect(budget.left).toBe(2)
  made = 2
  await token.refused(1)
  expect(budget.left).toBe(0)
  // The same token again, which callers take as final; and the source is not asked.
  expect(await token.refused(1)).toMatchObject({ kind: 'granted', generation: 1 })
  expect(await token.current()).toMatchObject({ kind: 'unavailable', isInDoubt: false })
  expect([begun, budget.left]).toEqual([8, 0])
})

it('hands on what a token was good for, and gives none again that was not the one asked about', async () => {
  const accepted: number[] = []
  let answer: TokenAnswer = { kind: 'granted', token: 't', generation: 1 }
  const current = () => Promise.resolve(answer)
  const source = { current, refused: current, accepted: (generation: number) => void accepted.push(generation) }
  const budget = requestBudget({ calls: 0, fetch: ok })
  const none = budgetedToken(source, budget, () => 0)
  expect(await none.refused(1)).toEqual({
    kind: 'unavailable',
    isInDoubt: false,
    words: 'no call is left for a token',
  })

  const paid = requestBudget({ calls: 2, fetch: ok })
  let begun = 0
  const token = budgetedToken(source, paid, () => begun++)
  await token.current()
  token.accepted(1)
  expect(accepted).toEqual([1])
  answer = { kind: 'unavailable', isInDoubt: false, words: 'HTTP 503' }
  await token.current()
  expect(paid.left).toBe(0)
  expect(await token.refused(2)).toMatchObject({ kind: 'unavailable' })
  expect(await token.refused(1)).toMatchObject({ kind: 'granted', generation: 1 })
})
