import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batchSchema, eventSchema, IDENTITY_TYPES, type WireBatch, type WireEvent } from '@warren/protocol'
import { isPlainBatch } from '../packages/collector/src/ingest/plain-batch.ts'
import { isPlainEvent } from '../packages/collector/src/ingest/plain-event.ts'

/**
 * The schemas define the wire; the collector's hand-written checks only spare it their cost. Whatever these take, the
 * schemas take, and read the same in it. A failure prints its seed.
 */

/** A value that may stand where it should, or may not. */
const odd = fc.oneof(
  fc.constantFrom(null, '', ' ', -1, 0, -0, 1.5, 8.64e15, 8.64e15 + 2, 2 ** 53, 1e308, true, {}, [], '\ud83d'),
  fc.constantFrom('u'.repeat(36), 'u'.repeat(37), 'k'.repeat(64), 'k'.repeat(65), 'i'.repeat(256), 'i'.repeat(257)),
  fc.string({ maxLength: 40, unit: 'binary' }),
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>,
)
const oftener = (often: fc.Arbitrary<unknown>, seldom: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 20, arbitrary: often }, { weight: 1, arbitrary: seldom })
/** Mostly the value that belongs there. */
const near = (right: fc.Arbitrary<unknown>) => oftener(right, odd)
const id = near(fc.string({ minLength: 1, maxLength: 20 }))
const count = near(fc.nat())
const instant = near(fc.integer({ min: 0, max: 8.64e15 }))
const unknownMember = { later: fc.jsonValue(), ['__proto__']: fc.jsonValue() }

const known = { openid: id, unionid: id, phone: id, uid: id }
const identity = oftener(
  near(fc.record(known, { requiredKeys: [] })),
  fc.record({ ...known, wework: id, a: id, b: id }, { requiredKeys: [] }),
)
const event = near(
  fc.record(
    {
      uuid: id,
      eventKey: near(fc.constantFrom('c_buy', 'k'.repeat(64))),
      time: instant,
      writer: id,
      seq: count,
      args: fc.jsonValue(),
      intid: id,
      identity,
      by: near(fc.constantFrom(...IDENTITY_TYPES)),
      proof: oftener(fc.constant(undefined), fc.record({ exp: instant, sig: id })),
      session: id,
      ...unknownMember,
    },
    { requiredKeys: ['eventKey'] },
  ),
)
const writer = near(
  fc.record(
    { id, given: count, dropped: near(fc.dictionary(fc.constantFrom('closed', 'too_large', '__proto__'), count)) },
    { requiredKeys: ['id', 'given'] },
  ),
)
const batch = near(
  fc.record(
    {
      v: near(fc.constant(1)),
      sentAt: instant,
      device: id,
      sdk: id,
      writers: near(fc.array(writer, { maxLength: 3 })),
      events: near(fc.array(odd, { maxLength: 3 })),
      ...unknownMember,
    },
    { requiredKeys: ['v', 'events'] },
  ),
)

/** As a body brings it. */
const parsed = (value: unknown): unknown => JSON.parse(JSON.stringify(value) ?? 'null')
const RUNS = { numRuns: 5000 }

/** The members that the schema read, as the value has them. */
function membersOf(read: object, value: object): object {
  return Object.fromEntries(Object.keys(read).map((name) => [name, (value as Record<string, unknown>)[name]]))
}

describe('isPlainEvent', () => {
  it('takes only what the schema takes, and reads the same', () => {
    let taken = 0
    fc.assert(
      fc.property(event, (draft) => {
        const value = parsed(draft)
        if (!isPlainEvent(value)) return
        taken++
        const read = eventSchema.parse(value)
        expect(membersOf(read, value)).toEqual(read)
      }),
      RUNS,
    )
    // Of thousands drawn, the plain ones must be many, or nothing was compared.
    expect(taken).toBeGreaterThan(RUNS.numRuns / 20)
  })

  it('takes the events that trackers and servers send every day', () => {
    const sent: WireEvent = { uuid: 'asd123', eventKey: 'c_buy', time: 1605490615673, writer: 'w1', seq: 0 }
    const full = { ...sent, args: { c_price: 1420 }, intid: 'i', identity: { openid: 'o', uid: '1' }, by: 'uid' }
    for (const value of [sent, full, { eventKey: 'c_buy' }, { ...full, session: 's', later: 1 }]) {
      expect(isPlainEvent(value), JSON.stringify(value)).toBe(true)
    }
  })
})

describe('isPlainBatch', () => {
  it('takes only what the schema takes, and reads the same', () => {
    let taken = 0
    fc.assert(
      fc.property(batch, (draft) => {
        const value = parsed(draft)
        if (!isPlainBatch(value)) return
        taken++
        const read = batchSchema.parse(value)
        expect(membersOf(read, value)).toMatchObject(read)
      }),
      RUNS,
    )
    expect(taken).toBeGreaterThan(RUNS.numRuns / 20)
  })

  it('takes the envelopes that trackers and servers send every day', () => {
    const writers = [{ id: 'w', given: 3, dropped: { closed: 1 } }]
    const sent: WireBatch = { v: 1, sentAt: 1, device: 'd', sdk: 'web/0.1.0', writers, events: [{}, 7] }
    for (const value of [sent, { v: 1, events: [] }, { ...sent, later: true }]) {
      expect(isPlainBatch(value), JSON.stringify(value)).toBe(true)
    }
  })
})
