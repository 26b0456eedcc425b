import { describe, expect, it } from 'vitest'
import { createIdentityKeeper } from './identity.ts'

function create(text?: string) {
  const note: { text?: string | undefined } = { text }
  let made = 0
  const notes = {
    read: () => note.text ?? null,
    write: (next: string) => {
      note.text = next
    },
  }
  const errors: string[] = []
  const open = () =>
    createIdentityKeeper(
      notes,
      () => `device-${made++}`,
      (message) => errors.push(message),
    )
  const keeper = open()
  return {
    keeper,
    open,
    note,
    errors,
    members: () => (keeper.members ? JSON.parse(`{${keeper.members.slice(1)}}`) : undefined),
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

  it.each<[unknown, unknown, string]>([
    [{ uid: 7 }, undefined, 'uid'],
    [{ uid: '' }, undefined, 'uid'],
    [{ uid: 'x'.repeat(257) }, undefined, 'uid'],
    [{ email: 'e' }, undefined, 'email'],
    [{ toString: 'e' }, undefined, 'toString'],
    [JSON.parse('{"__proto__":"e"}'), undefined, '__proto__'],
    [{ openid: 'o' }, { by: 'email' }, 'openid'],
    [{ openid: 'o' }, { proof: { exp: '5', sig: 's' } }, 'openid'],
    [{ openid: 'o' }, { proof: { exp: 5 } }, 'openid'],
    [{ openid: 'o' }, { proof: 's' }, 'openid'],
  ])('tells what it ignored of %o %o', (identity, options, name) => {
    const { keeper, errors, members } = create()
    keeper.identify(identity as never, options as never)
    expect(errors).toEqual([`identify() ignored ${name}`])
    expect(members()).toBeUndefined()
  })

  it('keeps the good members beside bad ones', () => {
    const { keeper, errors, members } = create()
    keeper.identify({ openid: 'o', uid: 7 } as never, { by: 'openid' })
    expect(errors).toEqual(['identify() ignored uid'])
    expect(members()).toEqual({ identity: { openid: 'o' }, by: 'openid' })
  })
})

describe('the note', () => {
  it('brings device and identity to the next page', () => {
    const { keeper, open } = create()
    keeper.identify({ openid: 'o' }, { by: 'openid', proof: { exp: 5, sig: 's' } })
    const next = open()
    expect(next.device).toBe(keeper.device)
    expect(next.members).toBe(keeper.members)
  })

  it('is begun anew by reset', () => {
    const { keeper, open } = create()
    keeper.identify({ openid: 'o' })
    const before = keeper.device
    keeper.reset()
    expect(keeper.device).not.toBe(before)
    expect(keeper.members).toBe('')
    expect(open().device).toBe(keeper.device)
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
  ])('that is damaged is begun anew: %s', (text) => {
    const { keeper, note } = create(text)
    expect(keeper.device).toBe('device-0')
    expect(JSON.parse(note.text as string)).toEqual({ v: 1, device: 'device-0' })
  })
})
