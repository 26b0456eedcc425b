import { expect, it } from 'vitest'
import { underWay } from './under-way.ts'

it('what a request never released is free again after a minute', () => {
  let clock = 1000
  const others = underWay(() => clock)
  others.claim('shop', ['a'])
  clock += 30_000
  others.claim('shop', ['b'])
  clock += 29_999
  expect(others.claim('shop', ['a', 'b', 'c']).uuids).toEqual(['c'])
  clock++
  expect(others.claim('shop', ['a', 'b', 'c']).uuids).toEqual(['a'])
  clock += 30_000
  expect(others.claim('shop', ['a', 'b']).uuids).toEqual(['b'])
})

it('each source has its own', () => {
  const others = underWay(() => 0)
  const { release } = others.claim('shop', ['a'])
  expect(others.claim('other', ['a']).uuids).toEqual(['a'])
  expect(others.claim('shop', ['a']).uuids).toEqual([])
  release()
  expect(others.claim('shop', ['a']).uuids).toEqual(['a'])
})
