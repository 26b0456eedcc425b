import { expect, it } from 'vitest'
import { remembered } from './remembered.ts'

it('asks once in a while, by itself for each who asks meanwhile, and again after a failure', async () => {
  let clock = 1000
  let asked = 0
  let fails = true
  const ask = remembered(
    5000,
    async () => {
      asked++
      await Promise.resolve()
      if (fails) throw new Error('no')
      return asked
    },
    () => clock,
  )
  await expect(ask()).rejects.toThrow('no')
  fails = false
  // Neither waits for the other's question.
  expect(await Promise.all([ask(), ask()])).toEqual([3, 3])
  expect(asked).toBe(3)
  clock += 4999
  expect(await ask()).toBe(3)
  clock += 1
  expect(await ask()).toBe(4)
})
