import { afterEach, describe, expect, it } from 'vitest'
import { copyOf, toJson } from './json.ts'

const { stringify } = JSON
const patched = [Array.prototype, Object.prototype, Number.prototype, String.prototype] as { toJSON?: () => unknown }[]
afterEach(() => {
  JSON.stringify = stringify
  for (const prototype of patched) delete prototype.toJSON
})

/** What a host page may put on these prototypes, and they may be frozen beside it. */
function patch(...prototypes: object[]): void {
  for (const prototype of prototypes)
    Object.defineProperty(prototype, 'toJSON', { configurable: true, writable: false, value: () => 'spoilt' })
}

const VALUE = {
  list: [1, 'two', [null, { three: 3 }]],
  at: new Date(0),
  own: { toJSON: () => ['its own'] },
  nothing: null,
  gone: undefined,
}
const WORDS = '{"list":[1,"two",[null,{"three":3}]],"at":"1970-01-01T00:00:00.000Z","own":["its own"],"nothing":null}'

describe('toJson', () => {
  it.each<[string, object[]]>([
    ['nothing', []],
    ['arrays', [Array.prototype]],
    ['objects', [Object.prototype]],
    ['both', [Array.prototype, Object.prototype]],
    ['what has no members', [Number.prototype, String.prototype]],
  ])('writes what is there where the page has put a toJSON on %s', (_, prototypes) => {
    patch(...prototypes)
    expect(toJson(VALUE)).toBe(WORDS)
    expect(toJson([])).toBe('[]')
    expect(toJson(7)).toBe('7')
    expect(copyOf({ list: [0] })).toEqual({ list: [0] })
    expect(toJson(undefined)).toBeUndefined()
  })

  it('does not hear of a JSON.stringify that the page puts in place later', () => {
    JSON.stringify = () => 'spoilt'
    expect(toJson(VALUE)).toBe(WORDS)
    expect(copyOf([1])).toEqual([1])
  })
})
