import { expect, it } from 'vitest'
import { redact } from './redact.ts'

const SECRET = 'a b+ä/"\\~!'

it.each([
  ['as it stands', SECRET],
  ['in a path', encodeURIComponent(SECRET)],
  ['in a query', new URLSearchParams({ s: SECRET }).toString().slice(2)],
  ['in JSON', JSON.stringify(SECRET).slice(1, -1)],
  ['in a path of small letters', encodeURIComponent(SECRET).replace(/%../g, (hex) => hex.toLowerCase())],
  [
    'in a query of small letters',
    new URLSearchParams({ s: SECRET })
      .toString()
      .slice(2)
      .replace(/%../g, (hex) => hex.toLowerCase()),
  ],
])('takes a secret out %s, wherever it is', (_, form) => {
  expect(redact(`<${form}> and ${form}`, { secret: SECRET })).toBe('<[secret]> and [secret]')
})

it('leaves nothing of a longer secret that holds a shorter one', () => {
  expect(redact('key-1-more, key-1', { appid: 'key-1', secret: 'key-1-more' })).toBe('[secret], [appid]')
})

it('cuts after it has cleaned: no piece of a secret is left at the end', () => {
  const words = redact(`${'x'.repeat(498)}tok-12345`, { token: 'tok-12345' })
  expect(words).toBe(`${'x'.repeat(498)}[t`)
})

it('an empty secret is none', () => {
  expect(redact('words', { token: '' })).toBe('words')
})
