import { describe, expect, it } from 'vitest'
import { checkOptions } from './options.ts'

const good = { endpoint: 'https://c.example', source: 's' }
const check = (more: object) => checkOptions({ ...good, ...more }) as unknown as Record<string, unknown>

/** Each plain option: its default, what it takes with what becomes of it, and what it does not take. */
const rows: [name: string, initial: unknown, taken: [given: unknown, is: unknown][], refused: unknown[]][] = [
  [
    'endpoint',
    good.endpoint,
    [
      ['http://127.0.0.1:8787', 'http://127.0.0.1:8787'],
      ['https://c.example/base/', 'https://c.example/base'],
      ['https://c.example//', 'https://c.example'],
    ],
    ['', 'c.example', '//c.example', 'ftp://c.example', 'https://', 'https://c.example/?a', 'https://c.example/#a'],
  ],
  [
    'source',
    good.source,
    [
      ['x'.repeat(256), 'x'.repeat(256)],
      ['商城', '商城'],
    ],
    ['', 'x'.repeat(257), 7, true, ['s'], 'a\nb'],
  ],
  ['path', '/v1/batch', [['/a/b', '/a/b']], ['', '/', 'v1', '/a b', '/a?b', '/a#b', 7]],
  [
    'intervalMs',
    1_000,
    [
      [0, 0],
      ['250', 250],
      [3_999_999, 3_999_999],
    ],
    [-1, 1.5, NaN, Infinity, 4_000_000, '', '1s', true],
  ],
  [
    'maxEvents',
    10_000,
    [
      [0, 0],
      ['500', 500],
    ],
    [-1, 1.5, NaN, Infinity, '', 'many', null],
  ],
  [
    'maxBytes',
    8_000_000,
    [
      [0, 0],
      ['500', 500],
    ],
    [-1, 1.5, NaN, Infinity, '', '1MB', null],
  ],
  [
    'title',
    true,
    [
      [false, false],
      ['false', false],
      ['true', true],
    ],
    ['', 'no', 0, 1, null],
  ],
  ['consent', 'granted', ['pending', 'denied'].map((word) => [word, word]), ['', 'yes', true, null, 'Granted']],
  ['identityPolicy', 'send', [['hold', 'hold']], ['', 'wait', true, null]],
]

describe.each(rows)('%s', (name, initial, taken, refused) => {
  it('has its default, where it is undefined too', () => {
    expect(check({})[name]).toBe(initial)
    if (!(name in good)) expect(check({ [name]: undefined })[name]).toBe(initial)
  })

  it.each(taken)('takes %o', (given, is) => {
    expect(check({ [name]: given })[name]).toBe(is)
  })

  it.each(refused)('refuses %o in one line that names it and the remedy', (given) => {
    expect(() => check({ [name]: given })).toThrow(new RegExp(`^warren: option ${name} must be [^\\n]{4,60}$`))
  })
})

it.each(['endpoint', 'source'])('%s is required', (name) => {
  expect(() => check({ [name]: undefined })).toThrow(`option ${name} must be`)
})

it('every option in a row is one of the attributes of a script tag: all as texts', () => {
  const texts = Object.fromEntries(rows.map(([name, initial]) => [name, String(initial)]))
  const expected = Object.fromEntries(rows.map(([name, initial]) => [name, initial]))
  expect(checkOptions(texts as never)).toMatchObject(expected)
})

it('leaves what it is given as it is, and hooks through', () => {
  const given = Object.freeze({ ...good, endpoint: 'https://c.example/', beforeSend: () => null })
  expect(checkOptions(given)).toMatchObject({ endpoint: 'https://c.example', beforeSend: given.beforeSend })
  expect(given.endpoint).toBe('https://c.example/')
})
