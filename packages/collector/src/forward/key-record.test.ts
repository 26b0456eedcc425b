import { describe, expect, it } from 'vitest'
import { keyRecord } from './key-record.ts'

const MOST = 1000

describe('the record of a key', () => {
  it('is made where it is asked for, and not where it is looked at', () => {
    const keys = keyRecord()
    expect(keys.known('c_a')).toBeUndefined()
    expect(keys.of('c_a')).toEqual({
      hasPassed: false,
      refused: new Set(),
      code: undefined,
      words: '',
      deliveriesBefore: 0,
    })
    expect(keys.known('c_a')).toBe(keys.of('c_a'))
    expect(keys.entries().map(([key]) => key)).toEqual(['c_a'])
  })

  it('of an unknown key begins with its first delivery', () => {
    const keys = keyRecord()
    keys.passed('c_a')
    expect(keys.known('c_a')).toMatchObject({ hasPassed: true })
  })

  it('loses its refusals with a delivery, and they count from nought', () => {
    const keys = keyRecord()
    const key = keys.of('c_a')
    key.refused.add('u1')
    key.code = '100400'
    keys.passed('c_a')
    expect(keys.known('c_a')).toMatchObject({ hasPassed: true, refused: new Set(), code: undefined })
    // And once more, for one that has passed before.
    key.refused.add('u2')
    key.code = '100400'
    keys.passed('c_a')
    expect(keys.known('c_a')).toMatchObject({ hasPassed: true, refused: new Set(), code: undefined })
  })

  it('can be forgotten', () => {
    const keys = keyRecord()
    keys.of('c_a')
    keys.forget('c_a')
    expect(keys.known('c_a')).toBeUndefined()
    expect(keys.entries()).toEqual([])
  })
})

describe('of more than a thousand keys', () => {
  it('the ones not used for the longest are forgotten', () => {
    const keys = keyRecord()
    for (let key = 0; key < MOST; key++) keys.of(`c_${key}`)
    expect(keys.entries()).toHaveLength(MOST)
    expect(keys.known('c_0')).toBeDefined()
    keys.of('c_0')
    keys.of('c_new')
    expect(keys.entries()).toHaveLength(MOST)
    expect(keys.known('c_1')).toBeUndefined()
    expect(keys.known('c_0')).toBeDefined()
    expect(keys.known('c_new')).toBeDefined()
  })
})
