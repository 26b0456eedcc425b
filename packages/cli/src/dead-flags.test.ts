import { describe, expect, it } from 'vitest'
import { queryText, readIds, readQueryFlags } from './dead-flags.ts'

describe('flags that find letters', () => {
  it('are the query that the collector takes', () => {
    const flags = { lane: 'a/matched', eventKey: 'c_buy', text: '下单', reason: 'refused' }
    expect(readQueryFlags(flags)).toEqual(flags)
    expect(readQueryFlags({})).toEqual({})
    expect(queryText({ lane: 'a/matched', text: '下单 &', limit: 5 })).toBe(
      '?lane=a%2Fmatched&text=%E4%B8%8B%E5%8D%95+%26&limit=5',
    )
    expect(queryText({})).toBe('')
  })

  it.each([
    ['2026-07-01', Date.UTC(2026, 6, 1)],
    ['2026-07-01T08:00:00+08:00', Date.UTC(2026, 6, 1)],
    ['2026-07-01T08:00Z', Date.UTC(2026, 6, 1, 8)],
    ['1785369600000', 1_785_369_600_000],
  ])('%s is an instant', (diedBefore, at) => {
    expect(readQueryFlags({ diedBefore })).toEqual({ diedBefore: at })
  })

  it.each(['yesterday', '', '-1', '7', '2026', '2026-13-01', '2026-07-01T08:00', '1960-01-01', '99999999999999999999'])(
    '%j is none',
    (diedBefore) => {
      expect(() => readQueryFlags({ diedBefore })).toThrow(/^--died-before: .* is no instant; give a date such as/)
    },
  )
})

it('numbers of letters are whole and positive', () => {
  expect(readIds(['1', '20'])).toEqual([1, 20])
  for (const wrong of ['0', '-1', '1.5', 'a', '', '01', '9999999999999999']) {
    expect(() => readIds([wrong])).toThrow(`${wrong} is no letter's number`)
  }
})
