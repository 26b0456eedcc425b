import { describe, expect, it } from 'vitest'
import { memoryNotebook, memoryStore, type MemoryDevice } from './memory-store.ts'
import type { Platform } from './platform.ts'
import { createVisitor } from './visitor.ts'

/** Pages of one browser profile: what they remember lies in its notebook and its store. */
function profile(boat: MemoryDevice = new Map(), device: MemoryDevice = new Map()) {
  let made = 0
  let now = 1_000
  const errors: string[] = []
  const open = () => {
    const others: boolean[] = []
    const platform = {
      notebook: memoryNotebook(boat),
      store: memoryStore(device),
      clock: { now: () => now },
    } as unknown as Platform
    const visitor = createVisitor(
      platform,
      () => `device-${made++}`,
      (message) => errors.push(message),
      (isOther, isErased) => isOther && others.push(isErased),
    )
    visitor.look()
    return { visitor, others, device: () => visitor.note().device }
  }
  return { open, boat, device, errors, at: (ms: number) => void (now = ms) }
}

function create() {
  const { open, errors } = profile()
  const { visitor: keeper } = open()
  return {
    keeper,
    errors,
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
    [{ openid: 'o' }, { proof: { exp: 5.5, sig: 's' } }, 'openid'],
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

const NOTE = 'visitor'

describe('the note', () => {
  it('brings device, identity and registered arguments to the next page', () => {
    const { open } = profile()
    const { visitor } = open()
    visitor.identify({ openid: 'o' }, { by: 'openid', proof: { exp: 5, sig: 's' } })
    visitor.note().args['c_shop'] = 7
    visitor.keep(true)
    const next = open().visitor
    expect(next.note()).toEqual(visitor.note())
    expect(next.members()).toBe(visitor.members())
  })

  it.each([
    { device: null },
    { device: 7 },
    { device: '' },
    { device: 'x'.repeat(257) },
    { who: 5 },
    { who: {} },
    { args: null },
  ])('is not believed where it would spoil every event: %o', (damage) => {
    const { open, boat } = profile()
    boat.set(NOTE, { v: 1, at: 9_000, epoch: 0, device: 'd', args: {}, ...damage })
    const { visitor } = open()
    expect(visitor.note()).toMatchObject({ at: 0, device: expect.stringMatching('device-') as string, args: {} })
    expect(visitor.members()).toBe('')
  })

  it('is written in both places, once for what has changed, and not before the store has told what it knows', async () => {
    const { open, boat, device } = profile()
    const { visitor } = open()
    visitor.keep(true)
    expect([boat.size, device.size]).toEqual([0, 0])
    visitor.change()
    visitor.keep()
    expect([boat.size, device.size]).toEqual([0, 0])
    await visitor.recover()
    visitor.keep()
    expect([boat.get(NOTE), device.get(NOTE)]).toEqual([visitor.note(), visitor.note()])
    boat.clear()
    visitor.keep()
    expect(boat.size).toBe(0)
  })

  it('comes from the store where a killed browser has lost the notebook', async () => {
    const { open, boat, at } = profile()
    const first = open()
    first.visitor.identify({ openid: 'o' })
    first.visitor.keep(true)
    boat.clear()
    at(60_000)
    const next = open()
    expect(next.device()).not.toBe(first.device())
    next.visitor.change()
    await next.visitor.recover()
    expect(next.device()).toBe(first.device())
    expect(next.visitor.members()).toBe(first.visitor.members())
    expect(next.others).toEqual([false])
  })

  it('of the store counts less than a later one of the notebook', async () => {
    const { open, device, at } = profile()
    const first = open()
    first.visitor.identify({ openid: 'o' })
    first.visitor.keep(true)
    const old = device.get(NOTE)
    at(2_000)
    first.visitor.identify({ openid: 'other' })
    first.visitor.keep(true)
    device.set(NOTE, old)
    const next = open().visitor
    await next.recover()
    expect(next.members()).toBe(',"identity":{"openid":"other"}')
  })

  it('of another page counts from the next look on, with the clock set back too', () => {
    const { open, at } = profile()
    const [one, other] = [open(), open()]
    one.visitor.identify({ openid: 'o' })
    one.visitor.keep(true)
    other.visitor.look()
    expect(other.visitor.members()).toBe(one.visitor.members())
    expect(other.others).toEqual([false])
    at(5)
    one.visitor.reset()
    one.visitor.keep(true)
    other.visitor.look()
    expect([other.device(), other.visitor.members()]).toEqual([one.device(), ''])
    other.visitor.look()
    expect(other.others).toEqual([false, false])
  })

  it.each<[unknown]>([
    ['undefined'],
    [{}],
    [[null]],
    [7],
    [{ v: 2, at: 5, device: 'd' }],
    [{ v: 1, device: 'd' }],
    [{ v: 1, at: 'x', device: 'd' }],
  ])('that cannot be read counts for nothing, and is written anew: %o', (note) => {
    const { open, boat } = profile(new Map([[NOTE, note]]))
    const { visitor, device } = open()
    expect(device()).toMatch(/^device-/)
    visitor.change()
    visitor.keep(true)
    expect(boat.get(NOTE)).toEqual(visitor.note())
  })
})

describe('reset', () => {
  it('is another device, of nobody', () => {
    const { open } = profile()
    const { visitor, device } = open()
    visitor.identify({ openid: 'o' })
    visitor.note().args['c_shop'] = 7
    const before = device()
    visitor.reset()
    expect(device()).not.toBe(before)
    expect([visitor.members(), visitor.note().args]).toEqual(['', {}])
    visitor.keep(true)
    expect(open().device()).toBe(device())
  })
})

describe('erase', () => {
  it('leaves no device in the note until there is something to remember', () => {
    const { open, boat } = profile()
    const { visitor, device } = open()
    visitor.identify({ openid: 'o' })
    visitor.keep(true)
    void visitor.erase()
    visitor.keep(true)
    expect(boat.get(NOTE)).toEqual({ v: 1, at: expect.any(Number), epoch: expect.any(Number) })
    visitor.change()
    visitor.keep(true)
    expect(boat.get(NOTE)).toMatchObject({ device: device() })
  })

  it('is seen by other pages, before and after there is a new device', () => {
    const { open } = profile()
    const [one, other, third] = [open(), open(), open()]
    one.visitor.identify({ openid: 'o' })
    one.visitor.keep(true)
    other.visitor.look()
    third.visitor.look()
    void one.visitor.erase()
    other.visitor.look()
    one.visitor.change()
    one.visitor.keep(true)
    third.visitor.look()
    expect([other.others, third.others]).toEqual([
      [false, true],
      [false, true],
    ])
    expect([other.visitor.members(), third.device()]).toEqual(['', one.device()])
  })
})
