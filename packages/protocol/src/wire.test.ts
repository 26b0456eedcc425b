import { describe, expect, it } from 'vitest'
import { answerSchema, batchSchema, eventSchema } from './wire.ts'

const event = { uuid: 'asd123', eventKey: 'c_buy' }

describe('eventSchema', () => {
  it('takes the smallest and the fullest event, and ignores what it does not know', () => {
    expect(eventSchema.safeParse(event).success).toBe(true)
    const full = {
      uuid: 'u'.repeat(36),
      writer: 'w1',
      seq: 0,
      eventKey: 'c_buy',
      time: 1605490615673,
      args: { c_price: 1420 },
      intid: 'jjsfia',
      identity: { openid: 'o', unionid: 'u', phone: '13800000000', uid: '1' },
      by: 'openid',
      proof: { exp: 1, sig: 's' },
      session: 's',
    }
    expect(eventSchema.parse({ ...full, later: true })).toEqual(full)
  })

  it('leaves out identity types that it does not know', () => {
    expect(eventSchema.parse({ ...event, identity: { openid: 'o', wework: 'w' } }).identity).toEqual({ openid: 'o' })
  })

  it.each([
    ['uuid', { uuid: '' }],
    ['uuid', { uuid: 'u'.repeat(37) }],
    ['uuid', { uuid: 'half \ud83d' }],
    ['uuid', { uuid: 7 }],
    ['eventKey', { eventKey: '' }],
    ['eventKey', { eventKey: ' c_buy' }],
    ['eventKey', { eventKey: 'k'.repeat(65) }],
    ['eventKey', { eventKey: undefined }],
    ['time', { time: 1.5 }],
    ['time', { time: -1 }],
    ['time', { time: '1605490615673' }],
    ['seq', { seq: -1 }],
    ['identity.phone', { identity: { phone: 13800000000 } }],
    ['identity', { identity: { openid: 'o', a: '1', b: '2', c: '3', d: '4', e: '5' } }],
    ['by', { by: 'email' }],
    ['intid', { intid: 5 }],
  ])('refuses a bad %s and names it', (path, change) => {
    const result = eventSchema.safeParse({ ...event, ...change })
    expect(result.error?.issues[0]?.path.join('.')).toBe(path)
  })
})

describe('batchSchema', () => {
  it('takes a batch without events: totals alone', () => {
    const batch = {
      v: 1,
      sentAt: 1,
      device: 'd',
      sdk: 'web/0.1.0',
      writers: [{ id: 'w', given: 3, dropped: {} }],
      events: [],
    }
    expect(batchSchema.parse(batch)).toEqual(batch)
  })

  it.each([
    ['v', { v: 2 }],
    ['events', { events: {} }],
    ['writers.0.given', { writers: [{ id: 'w', given: -1 }] }],
  ])('refuses a bad %s and names it', (path, change) => {
    const result = batchSchema.safeParse({ v: 1, sentAt: 1, device: 'd', sdk: 's', writers: [], events: [], ...change })
    expect(result.error?.issues[0]?.path.join('.')).toBe(path)
  })
})

it('an answer with an unknown rejection code is not ours', () => {
  const rejected = [{ index: 0, uuid: null, code: 'whatever', path: '', message: '' }]
  expect(answerSchema.safeParse({ v: 1, accepted: 0, rejected, retry: [] }).success).toBe(false)
})
