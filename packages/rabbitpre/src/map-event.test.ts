import { describe, expect, it } from 'vitest'
import { canMatch, toBatchAddEvent, UNMATCHED, type OutgoingEvent } from './map-event.ts'
import type { PublicParams } from './public-params.ts'

const event: OutgoingEvent = {
  uuid: 'asd123',
  eventKey: 'c_buy',
  time: 1605490615673,
  args: { c_price: 1420 },
  intid: 'int',
  identity: { openid: 'o', uid: 'customer-7' },
  by: 'uid',
}
const precise: PublicParams = { isMatching: true, matchingType: 1, accurateMatchType: 'gzh', accurateMatchValue: 'wx1' }
const common = { uuid: 'asd123', eventKey: 'c_buy', time: 1605490615673, eventargs: { c_price: 1420 }, intid: 'int' }

describe('toBatchAddEvent', () => {
  it('names the identity to match by, and sends a customer id as thirdId', () => {
    expect(toBatchAddEvent(event, precise)).toEqual({
      ...common,
      identityType: 'uid',
      openid: 'o',
      thirdId: 'customer-7',
    })
  })
  it('leaves the order to the platform in a fuzzy match', () => {
    const fuzzy: PublicParams = { isMatching: true, matchingType: 2, identifyWay: 1 }
    expect(toBatchAddEvent(event, fuzzy)).toEqual({ ...common, openid: 'o', thirdId: 'customer-7' })
  })
  it('sends no identity in an unmatched call', () => {
    expect(toBatchAddEvent(event, UNMATCHED)).toEqual(common)
  })
  it('leaves out what the event does not have', () => {
    expect(toBatchAddEvent({ uuid: 'u', eventKey: 'k', time: 1 }, UNMATCHED)).toEqual({
      uuid: 'u',
      eventKey: 'k',
      time: 1,
    })
  })
})

it('canMatch asks for one identity at least', () => {
  expect(canMatch(event)).toBe(true)
  expect(canMatch({})).toBe(false)
  expect(canMatch({ identity: {} })).toBe(false)
})
