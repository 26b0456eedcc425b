import { describe, expect, it } from 'vitest'
import { writeEvent, type EventContext } from './event.ts'

const context: EventContext = { now: 1234.5, uuid: 'made', members: () => ',"writer":"w","seq":3', args: [] }
const write = (key: unknown, args?: unknown, options?: object, more?: Partial<EventContext>) =>
  writeEvent(key, args, options, { ...context, ...more })
const parse = (...input: Parameters<typeof write>): unknown => {
  const event = write(...input)
  return typeof event === 'string' ? event : JSON.parse(event.text)
}

describe('writeEvent', () => {
  it('writes the wire form', () => {
    expect(parse('c_buy', { c_price: 1 })).toEqual({
      uuid: 'made',
      writer: 'w',
      seq: 3,
      eventKey: 'c_buy',
      time: 1234,
      args: { c_price: 1 },
    })
  })

  it('leaves args out where there are none, and takes the options and the identity', () => {
    const options = { time: 99.9, intid: 'i', uuid: 'own' }
    expect(
      parse('c_a', undefined, options, {
        members: () => `${context.members()},"identity":{"uid":"u"}`,
      }),
    ).toEqual({
      uuid: 'own',
      writer: 'w',
      seq: 3,
      eventKey: 'c_a',
      time: 99,
      intid: 'i',
      identity: { uid: 'u' },
    })
  })

  it.each([
    [{ time: Number.NaN }],
    [{ time: -1 }],
    [{ time: '5' }],
    [{ time: Infinity }],
    [{ uuid: '' }],
    [{ uuid: 'x'.repeat(37) }],
    [{ uuid: 7 }],
    [{ intid: '' }],
    [{ intid: 'x'.repeat(257) }],
    [null],
  ])('does not lose the event to bad options: %o', (options) => {
    expect(parse('c_a', undefined, options as object)).toEqual({
      uuid: 'made',
      writer: 'w',
      seq: 3,
      eventKey: 'c_a',
      time: 1234,
    })
  })

  it.each([[undefined], [null], [Symbol('x')], [{}], [7], [''], [' c_a '], ['x'.repeat(5000)], [['c_a']]])(
    'refuses the key %o',
    (key) => {
      expect(write(key, {})).toBe('invalid_key')
    },
  )

  it('takes odd keys that are keys', () => {
    expect(parse('__proto__')).toMatchObject({ eventKey: '__proto__' })
    expect(parse('a"b\\c')).toMatchObject({ eventKey: 'a"b\\c' })
    expect(parse('汉'.repeat(64))).toMatchObject({ eventKey: '汉'.repeat(64) })
  })

  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  it.each<[string, unknown]>([
    ['a cycle', cycle],
    ['a BigInt', { n: 10n }],
    [
      'a getter that throws',
      {
        get a(): never {
          throw new Error('host')
        },
      },
    ],
    [
      'a toJSON that throws',
      {
        toJSON(): never {
          throw new Error('host')
        },
      },
    ],
    ['a toJSON to something else', { toJSON: () => 'text' }],
    ['null', null],
    ['an array', [1]],
    ['a text', 'text'],
    ['a number', 1],
    ['a function', () => {}],
    ['a date', new Date(0)],
  ])('refuses args that are %s', (_, args) => {
    expect(write('c_a', args)).toBe('invalid_args')
  })

  it.each([false, true])('takes names that every object has, prototypes frozen: %o', (isFrozen) => {
    // Frozen for good, it would spoil what comes after.
    const { assign } = Object
    if (isFrozen)
      Object.assign = (target: object, ...parts: unknown[]) => {
        if (Object.getPrototypeOf(target) !== null) throw new TypeError('read only')
        return assign(target, ...parts)
      }
    try {
      expect(write('c_a', { constructor: 1, toString: 2 })).toMatchObject({
        text: expect.stringContaining('"args":{"constructor":1,"toString":2}') as string,
      })
    } finally {
      Object.assign = assign
    }
  })

  it('survives any nesting', () => {
    const deep: Record<string, unknown> = {}
    let inner = deep
    for (let i = 0; i < 200_000; i++) {
      const next = {}
      inner['d'] = next
      inner = next
    }
    // Engines differ in whether their stack holds it.
    expect(['invalid_args', 'too_large']).toContain(write('c_a', deep))
  })

  it('takes objects without a prototype, of a class, and one value twice', () => {
    const shared = { x: 1 }
    expect(parse('c_a', Object.assign(Object.create(null) as object, { a: 1 }))).toMatchObject({ args: { a: 1 } })
    expect(parse('c_a', { a: shared, b: shared })).toMatchObject({ args: { a: { x: 1 }, b: { x: 1 } } })
  })

  it('refuses what is over 32 KiB in UTF-8, to the byte', () => {
    const length = (text: string) => Buffer.byteLength(text)
    const empty = write('c_a', { t: '' }) as { text: string }
    const room = 32 * 1024 - length(empty.text)
    expect(write('c_a', { t: 'x'.repeat(room) })).toMatchObject({ bytes: 32 * 1024 })
    expect(write('c_a', { t: 'x'.repeat(room + 1) })).toBe('too_large')
    const chinese = Math.floor(room / 3)
    expect(typeof write('c_a', { t: '汉'.repeat(chinese) })).toBe('object')
    expect(write('c_a', { t: '汉'.repeat(chinese + 1) })).toBe('too_large')
    expect(write('c_a', { t: 'x'.repeat(20_000_000) })).toBe('too_large')
  })

  it('tells its bytes in UTF-8', () => {
    const event = write('c_a', { t: '汉😀é\ud800' }) as { text: string; bytes: number }
    expect(event.bytes).toBe(Buffer.byteLength(event.text))
  })
})
