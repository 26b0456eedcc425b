import { batch, event, NOW, one, request } from './build.ts'
import { allTaken, problem, rejected, taken, type Outcome, type Row } from './row.ts'

/** What stands in a body that came whole: bytes, and JSON. */

const NOT_JSON = problem(400, 'the body is not JSON')
const NOT_UTF8 = problem(400, 'the body is not UTF-8')
const EMPTY = problem(400, 'the body is empty: send a batch as JSON')

type Body = (id: string) => string | Uint8Array

const row = (name: string, body: Body, comes: Outcome, arrives?: object): Row => ({
  name,
  sends: (id) => request({ body: body(id) }),
  comes,
  ...(arrives ? { arrives } : {}),
})

/** A batch of one event in which something stands that `JSON.stringify` would not write. */
const withRaw = (id: string, changes: object, raw: string): string => one(id, changes).replace('"RAW"', raw)

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1')

const bytes: Row[] = [
  row('a BOM', (id) => `\uFEFF${one(id)}`, taken),
  row('two BOMs', (id) => `\uFEFF\uFEFF${one(id)}`, NOT_JSON),
  row('UTF-16', (id) => Buffer.from(one(id), 'utf16le'), NOT_JSON),
  row('UTF-16 with its BOM', (id) => Buffer.from(`\uFEFF${one(id)}`, 'utf16le'), NOT_UTF8),
  row('a byte that is no UTF-8', (id) => latin1(one(id).replace('c_buy', 'c_\xFF')), NOT_UTF8),
  row('a surrogate in UTF-8', (id) => latin1(one(id).replace('c_buy', 'c_\xED\xA0\x80')), NOT_UTF8),
  row('an overlong form in UTF-8', (id) => latin1(one(id).replace('c_buy', 'c_\xC0\xAF')), NOT_UTF8),
  row('a surrogate that is alone, escaped', (id) => withRaw(id, { args: { c_a: 'RAW' } }, '"\\ud800"'), taken),
  row('a NUL behind it', (id) => `${one(id)}\0`, NOT_JSON),
  row('a NUL in a text', (id) => withRaw(id, { args: { c_a: 'RAW' } }, '"a\0b"'), NOT_JSON),
  row('a NUL in a text, escaped', (id) => one(id, { args: { c_a: 'a\0b' } }), taken, { eventargs: { c_a: 'a\0b' } }),
  row('a line break behind it', (id) => `${one(id)}\n`, taken),
  row('a vertical tab before it', (id) => `\v${one(id)}`, NOT_JSON),
  row('an x behind it', (id) => `${one(id)}x`, NOT_JSON),
  row('a second batch behind it', (id) => one(`${id}-1`) + one(`${id}-2`), NOT_JSON),
  row('half of it', (id) => one(id).slice(0, 60), NOT_JSON),
  row('one space', () => ' ', EMPTY),
  row('one space that does not break', () => '\u00A0', EMPTY),
]

const DEEP = 100_000
const deep = '['.repeat(DEEP) + ']'.repeat(DEEP)

const values: Row[] = [
  row('null', () => 'null', problem(400, 'batch: Invalid input: expected object, received null')),
  row('a list', () => '[]', problem(400, 'batch: Invalid input: expected object, received array')),
  row('a number', () => '7', problem(400, 'batch: Invalid input: expected object, received number')),
  row('no version', () => '{}', problem(400, 'v: must be 1: this collector speaks wire v1')),
  row('100,000 brackets', () => deep, problem(400, 'batch: Invalid input: expected object, received array')),
  row('100,000 brackets that are never closed', () => '['.repeat(DEEP), NOT_JSON),
  row('100,000 brackets for an event', () => batch(['RAW']).replace('"RAW"', deep), rejected('invalid', '')),
  row(
    '100,000 brackets in args',
    (id) => withRaw(id, { args: { c_a: 'RAW' } }, deep),
    rejected('too_deep', 'args.c_a.0.0.0.0.0.0.0'),
  ),
  row(
    '80,000 objects in args',
    (id) => withRaw(id, { args: { c_a: 'RAW' } }, `${'{"a":'.repeat(80_000)}1${'}'.repeat(80_000)}`),
    rejected('too_deep', 'args.c_a.a.a.a.a.a.a.a'),
  ),
  row(
    '100,000 brackets in an unknown field',
    (id) => batch([event(id)], { later: 'RAW' }).replace('"RAW"', deep),
    taken,
  ),
  row(
    'a number of 18 digits',
    (id) => withRaw(id, { args: { c_no: 'RAW' } }, '123456789012345678'),
    rejected('unsafe_number', 'args.c_no'),
  ),
  row('1e400', (id) => withRaw(id, { args: { c_no: 'RAW' } }, '1e400'), rejected('unsafe_number', 'args.c_no')),
  row('1e400 for a time', (id) => withRaw(id, { time: 'RAW' }, '1e400'), rejected('invalid', 'time')),
  row('-0', (id) => withRaw(id, { args: { c_no: 'RAW' } }, '-0'), taken, { eventargs: { c_no: 0 } }),
  row('-0 for a number of order', (id) => withRaw(id, { seq: 'RAW' }, '-0'), taken),
  row('a small fraction', (id) => withRaw(id, { args: { c_no: 'RAW' } }, '0.10e-6'), taken, {
    eventargs: { c_no: 1e-7 },
  }),
  row('a key that is twice there', (id) => withRaw(id, { args: { c_a: 'RAW' } }, '1,"c_a":2'), taken, {
    eventargs: { c_a: 2 },
  }),
  row('an event key that is twice there', (id) => one(id).replace('"seq"', '"eventKey":"c_first","seq"'), taken, {
    eventKey: 'c_buy',
  }),
  row('events that are twice there', (id) => one(id).replace('"events"', '"events":[1,2],"events"'), taken),
  row(
    'keys of the prototype in args',
    (id) => withRaw(id, { args: { c_a: 'RAW' } }, '1,"__proto__":{"isBad":true},"constructor":{"prototype":{"a":1}}'),
    taken,
    { eventargs: { c_a: 1, constructor: { prototype: { a: 1 } } } },
  ),
  row('__proto__ for an event key', (id) => one(id, { eventKey: '__proto__' }), taken, { eventKey: '__proto__' }),
  row(
    'an event key by __proto__ alone',
    (id) => one(id).replace('"eventKey":"c_buy"', '"__proto__":{"eventKey":"c_buy"}'),
    rejected('invalid', 'eventKey'),
  ),
  row('a version by __proto__ too', (id) => one(id).replace('"v":1', '"v":1,"__proto__":{"v":2}'), taken),
  row(
    'a version by __proto__ alone',
    (id) => one(id).replace('"v":1', '"__proto__":{"v":1}'),
    problem(400, 'v: must be 1: this collector speaks wire v1'),
  ),
]

/** An event of so many bytes, as it is kept. */
function sized(id: string, bytes: number): string {
  const kept = (args: object) => JSON.stringify({ uuid: id, eventKey: 'c_buy', time: NOW, args })
  return one(id, { args: { c_a: 'x'.repeat(bytes - kept({ c_a: '' }).length) } })
}

/** So many events of so many bytes each, as they are sent. */
function many(id: string, count: number, bytes: number): string {
  const events = Array.from({ length: count }, (_, i) => event(`${id}-${i}`, { args: { c_a: '' } }))
  for (const each of events) each['args'] = { c_a: 'x'.repeat(bytes - JSON.stringify(each).length) }
  return batch(events)
}

const KIB = 1024
const sizes: Row[] = [
  row('no events', () => batch([]), allTaken(0)),
  row('500 events of 1 KiB', (id) => many(id, 500, KIB), allTaken(500)),
  row('501 events', (id) => many(id, 501, 200), problem(413, 'events: 501 in one batch; send at most 500')),
  row('an event of a byte less than 32 KiB', (id) => sized(id, 32 * KIB - 1), taken),
  row('an event of 32 KiB', (id) => sized(id, 32 * KIB), taken),
  row('an event of a byte more than 32 KiB', (id) => sized(id, 32 * KIB + 1), rejected('too_large', '')),
]

export const textRows: Row[] = [...bytes, ...values, ...sizes]
