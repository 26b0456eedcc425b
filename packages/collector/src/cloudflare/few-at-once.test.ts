import { expect, it } from 'vitest'
import { fewAtOnce } from './few-at-once.ts'

it('lets so many through at once, the others in their turn, and a failure frees its place', async () => {
  const ends: ((error?: Error) => void)[] = []
  const began: number[] = []
  const call = fewAtOnce(2, (n: number) => {
    began.push(n)
    return new Promise<number>((resolve, reject) => ends.push((error) => (error ? reject(error) : resolve(n))))
  })
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const all = [1, 2, 3, 4, 5].map((n) => call(n).catch((error: Error) => error.message))
  await turn()
  expect(began).toEqual([1, 2])
  ends[0]?.(new Error('no'))
  await turn()
  expect(began).toEqual([1, 2, 3])
  ends[1]?.()
  ends[2]?.()
  await turn()
  expect(began).toEqual([1, 2, 3, 4, 5])
  ends[3]?.()
  ends[4]?.()
  expect(await Promise.all(all)).toEqual(['no', 2, 3, 4, 5])
  // All places are free again.
  void call(6)
  void call(7)
  await turn()
  expect(began.slice(5)).toEqual([6, 7])
})
