import { expect, it } from 'vitest'
import { letterPage, letterTable } from './letter-text.ts'

const letter = {
  id: 17,
  lane: 'default/unmatched',
  source: 'shop',
  uuid: 'order-1',
  eventKey: 'c_pay',
  reason: 'refused' as const,
  code: '100400',
  words: '标题不能为空',
  attempts: 3,
  receivedAt: Date.UTC(2026, 0, 1),
  diedAt: Date.UTC(2026, 0, 1, 8, 30),
  event: { uuid: 'order-1', args: { c_name: '王小明' } },
}

it('a table has a line a letter, its columns one under the other', () => {
  expect(letterTable([letter, { ...letter, id: 9, source: 's', eventKey: 'c_view_page' }]).split('\n')).toEqual([
    'ID  DIED                  LANE               SOURCE  KEY          UUID     REASON   CODE    WORDS',
    '17  2026-01-01T08:30:00Z  default/unmatched  shop    c_pay        order-1  refused  100400  标题不能为空',
    '9   2026-01-01T08:30:00Z  default/unmatched  s       c_view_page  order-1  refused  100400  标题不能为空',
  ])
})

it('a page has all that is known, the event in lines', () => {
  const page = letterPage(letter)
  expect(page).toContain('attempts    3\n')
  expect(page).toContain('receivedAt  2026-01-01T00:00:00Z\n')
  expect(page).toMatch(/\nevent\n\{\n {2}"uuid": "order-1",\n {2}"args": \{\n {4}"c_name": "王小明"\n {2}\}\n\}$/)
})

it('what a terminal would obey is shown as it is written', () => {
  const orders = '\u001B[2J\u009B31m\r\n\u202E'
  const evil = { ...letter, eventKey: orders, words: orders, event: { args: { [orders]: orders } } }
  for (const text of [letterTable([evil]), letterPage(evil)]) {
    for (const order of '\u001B\u009B\r\u202E') expect(text).not.toContain(order)
    expect(text).toContain(String.raw`\u{9b}31m`)
  }
  expect(letterTable([evil]).split('\n')).toHaveLength(2)
})
