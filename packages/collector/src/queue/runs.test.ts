import { expect, it } from 'vitest'
import { runs } from './runs.ts'

it.each([
  ['none', [], []],
  ['one', [7], [[7, 7]]],
  ['those that follow each other as one run', [3, 4, 5], [[3, 5]]],
  [
    'those with a gap as two',
    [1, 3],
    [
      [1, 1],
      [3, 3],
    ],
  ],
  [
    'in whatever order, two digits among them',
    [10, 2, 9, 1, 11, 4],
    [
      [1, 2],
      [4, 4],
      [9, 11],
    ],
  ],
])('tells %s', (_, numbers, found) => {
  expect(runs(numbers).map(({ first, last }) => [first, last])).toEqual(found)
})
