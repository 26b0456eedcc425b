import { describe, expect, it } from 'vitest'
import { createIdentityKeeper } from './identity.ts'

function create(text?: string) {
  const note: { text?: string | undefined } = { text }
  let made = 0
  const notes = {
    read: () => note.text,
    write: (next: string) => {
      note.text = next
    },
  }
  const open = () => createIdentityKeeper(notes, () => `device-${made++}`)
  const keeper = open()
  return {
    keeper,
    open,
    note,
    members: () => (keeper.members() ? JSON.parse(`{${keeper.members().slice(1)}}`) : undefined),
  }
}

describe('identify', () => {
  it('merges new types', () => {
    const { keeper, members } = create()
    expect(members()).toBeUndefined()
    keeper.identify({ openid: 'o' })
    keeper.identify({ phone: 'p' }, { by: 'phone' })
    expect(members()).toEqual({ identity: { openid: 'o', phone: 'p' }, by: 'phone' })
  })

  it('replaces the whole identity for a different value of a known type', () => {
    const { keeper, members } = create()
    keeper.identify({ openid: 'o', phone: 'p' }, { by: 'phone' })
    keeper.identify({ openid: 'other' })
    expect(members()).toEqual({ identity: { openid: 'other' } })
  })

  it('replaces the whole identity for a proof, which ends where a type joins', () => {
    const { keeper, members } = create()
    keeper.identify({ openid: 'o', phone: 'p' })
    const proof = { exp: 5, sig: 's' }
    keeper.identify({ openid: 'o' }, { proof })
    expect(members()).toEqual({ identity: { openid: 'o' }, proof })
    keeper.identify({ openid: 'o' })
    expect(members()).toEqual({ identity: { openid: 'o' }, proof })
    keeper.identify({ uid: 'u' })
    expect(members()).toEqual({ identity: { openid: 'o', uid: 'u' } })
  })

  it.each<[unknown, unknown, string[]]>([
    [null, undefined, ['what is no object']],
    ['text', undefined, ['what is no object']],
    [[], undefined, ['what is no object']],
    [{ uid: 7 }, undefined, ['uid']],
    [{ uid: '' }, undefined, ['uid']],
    [{ uid: 'x'.repeat(257) }, undefined, ['uid']],
    [{ email: 'e' }, undefined, ['email']],
    [{ toString: 'e' }, undefined, ['toString']],
    [JSON.parse('{"__proto__":"e"}'), undefined, ['__proto__']],
    [{ openid: 'o' }, { by: 'email' }, ['by']],
    [{ openid: 'o' }, { proof: { exp: 1.5, sig: 's' } }, ['proof']],
    [{ openid: 'o' }, { proof: 's' }, ['proof']],
    [{ openid: 'o' }, 'x', ['what is no object']],
  ])('names what is bad in %o %o', (identity, options, problems) => {
    expect(create().keeper.identify(identity, options)).toEqual(problems)
  })

  it('keeps the good members beside bad ones, and knows that undefined is absent', () => {
    const { keeper, members } = create()
    expect(keeper.identify({ openid: 'o', uid: 7, phone: undefined }, { by: undefined })).toEqual(['uid'])
    expect(members()).toEqual({ identity: { openid: 'o' } })
  })
})

describe('the note', () => {
  it('brings device and identity to the next page', () => {
    const { keeper, open } = create()
    keeper.identify({ openid: 'o' }, { by: 'openid', proof: { exp: 5, sig: 's' } })
    const next = open()
    expect(next.device()).toBe(keeper.device())
    expect(next.members()).toBe(keeper.members())
  })

  it('is begun anew by reset', () => {
    const { keeper, open } = create()
    keeper.identify({ openid: 'o' })
    const before = keeper.device()
    keeper.reset()
    expect(keeper.device()).not.toBe(before)
    expect(keeper.members()).toBe('')
    expect(open().device()).toBe(keeper.device())
  })

  it.each([
    ['{"v":1,"device":'],
    ['"undefined"'],
    ['{}'],
    ['[null]'],
    ['7'],
    ['null'],
    ['{"v":2,"device":"d","identity":{}}'],
    ['{"v":1,"device":7,"identity":{}}'],
    ['{"v":1,"device":"","identity":{}}'],
    ['{"v":1,"device":"d","identity":{"uid":7}}'],
    ['{"v":1,"device":"d"}'],
  ])('that is damaged is begun anew: %s', (text) => {
    const { keeper, note } = create(text)
    expect(keeper.device()).toBe('device-0')
    expect(JSON.parse(note.text as string)).toEqual({ v: 1, device: 'device-0', identity: {} })
  })
})
