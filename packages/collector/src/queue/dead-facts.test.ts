import { describe, expect, it } from 'vitest'
import { deadFacts, isAsked } from './dead-facts.ts'
import type { DeadLetter, DeadQuery } from './dead-letters.ts'

const NOTHING = { uuid: '', eventKey: '', identities: [] }

describe('a dead letter is found by', () => {
  it('its event’s uuid, key and identities', () => {
    const json = JSON.stringify({ uuid: 'u', eventKey: 'c_buy', identity: { openid: 'o', phone: '1' } })
    expect(deadFacts(json)).toEqual({ uuid: 'u', eventKey: 'c_buy', identities: ['o', '1'] })
  })

  it.each([
    ['no JSON', '[null'],
    ['null', 'null'],
    ['a number', '7'],
    ['an empty object', '{}'],
    ['texts that are none', '{"uuid":1,"eventKey":null,"identity":"o"}'],
    ['identities that are none', '{"identity":{"openid":1,"phone":null}}'],
    ['an identity that is null', '{"identity":null}'],
  ])('nothing, where it is %s', (_, json) => {
    expect(deadFacts(json)).toEqual(NOTHING)
  })
})

describe('a query', () => {
  const letter: DeadLetter = {
    id: 1,
    lane: 'a/unmatched',
    source: 'web',
    uuid: 'u',
    eventKey: 'c_buy',
    reason: 'refused',
    code: '400',
    words: 'not to its liking',
    attempts: 2,
    receivedAt: 1,
    diedAt: 5,
    json: '{"uuid":"u","eventKey":"c_buy","identity":{"openid":"o"}}',
  }

  it('of nothing asks for all', () => {
    expect(isAsked(letter, {})).toBe(true)
  })

  it.each<[DeadQuery, DeadQuery]>([
    [{ lane: 'a/unmatched' }, { lane: 'a/matched' }],
    [{ source: 'web' }, { source: 'we' }],
    [{ uuid: 'u' }, { uuid: '' }],
    [{ eventKey: 'c_buy' }, { eventKey: 'c' }],
    [{ reason: 'refused' }, { reason: 'too_large' }],
    [{ code: '400' }, { code: '401' }],
    [{ diedBefore: 6 }, { diedBefore: 5 }],
    [{ text: 'liking' }, { text: 'disliking' }],
    [{ text: '"openid"' }, { text: '"unionid"' }],
    [{ identity: 'o' }, { identity: 'openid' }],
  ])('%j asks for it, and %j does not', (right, wrong) => {
    expect(isAsked(letter, right)).toBe(true)
    expect(isAsked(letter, wrong)).toBe(false)
    expect(isAsked(letter, { ...right, ...wrong, lane: 'a/unmatched', code: '401' })).toBe(false)
  })
})
