import { describe, expect, it } from 'vitest'
import { checkToken, fixedToken } from './token-source.ts'

describe('a token', () => {
  it.each([
    ['as it is', 'tok-1'],
    ['without the blanks that editors and shells leave', '  tok-1\r\n'],
    ['without a byte order mark', '\uFEFFtok-1'],
  ])('is taken %s', (_, raw) => {
    expect(checkToken(raw, 'it')).toBe('tok-1')
  })

  it.each([
    ['nothing', '', 'the file is empty'],
    ['blanks alone', ' \n', 'the file is empty'],
    ['a mark alone', '\uFEFF', 'the file is empty'],
    ['a line break within', 'tok\n1', 'the file holds a character that no HTTP header can carry'],
    ['a blank within', 'tok 1', 'the file holds a character that no HTTP header can carry'],
    ['a letter beyond ASCII', 'tök', 'the file holds a character that no HTTP header can carry'],
    ['one at its end', 'toké', 'the file holds a character that no HTTP header can carry'],
    ['a mark within', 'tok\uFEFF1', 'the file holds a character that no HTTP header can carry'],
  ])('of %s is refused, by the name of its origin alone', (_, raw, words) => {
    expect(() => checkToken(raw, 'the file')).toThrow(new Error(words))
  })
})

describe('a fixed token', () => {
  it('is the same before and after its refusal', async () => {
    const source = fixedToken(' tok-1 ')
    const answer = { kind: 'granted', token: 'tok-1', generation: 1 }
    expect(await source.current()).toEqual(answer)
    expect(await source.refused(1)).toEqual(answer)
    source.accepted(1)
    expect(await source.current()).toEqual(answer)
  })

  it('is refused at set-up where no header can carry it', () => {
    expect(() => fixedToken(' ')).toThrow('the token is empty')
  })
})
