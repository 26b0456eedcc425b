import { createDecipheriv, hkdfSync } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { sealedKeep, type SealedKeepOptions } from './sealed-keep.ts'
import type { KeptToken } from './token-keep.ts'

const TOKEN: KeptToken = {
  token: 'tok-0123456789abcdef',
  generation: 7,
  appid: 'app-1',
  lifeMs: 7_200_000,
  expiresAt: 1_784_000_000_000,
  renewAt: 1_783_998_000_000,
}

let stored: Uint8Array | undefined
let warnings: string[]
beforeEach(() => {
  stored = undefined
  warnings = []
})

const open = (options: Partial<SealedKeepOptions> = {}) =>
  sealedKeep({
    secret: 'hush-1',
    appid: 'app-1',
    read: () => Promise.resolve(stored),
    write: async (bytes) => void (stored = bytes),
    warn: (words) => warnings.push(words),
    ...options,
  })

async function sealed(): Promise<Uint8Array> {
  await open().save(TOKEN)
  if (!stored) throw new Error('nothing was written')
  return stored
}

/** The same bytes with one bit the other way. */
function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))
}

it('nothing is kept at first, and nothing is said of it', async () => {
  expect(await open().load()).toBeUndefined()
  expect(warnings).toEqual([])
})

it('gives what it was given, in a later life too', async () => {
  await open().save(TOKEN)
  expect(await open().load()).toEqual(TOKEN)
  expect(warnings).toEqual([])
})

it('begins with its version, is never twice the same, and shows neither the token nor the secret', async () => {
  const first = await sealed()
  const second = await sealed()
  expect([first[0], second[0]]).toEqual([1, 1])
  // The IV is drawn anew, and with it everything is another.
  expect(Buffer.from(first.slice(1, 13)).equals(Buffer.from(second.slice(1, 13)))).toBe(false)
  expect(Buffer.from(first.slice(13)).equals(Buffer.from(second.slice(13)))).toBe(false)
  for (const bytes of [first, second]) {
    const text = Buffer.from(bytes).toString('latin1')
    for (const secret of [TOKEN.token, 'hush-1', 'generation', 'app-1']) expect(text).not.toContain(secret)
  }
})

it('is sealed as it says, by another hand’s reckoning: what one release wrote the next must read', async () => {
  const bytes = Buffer.from(await sealed())
  const key = hkdfSync('sha256', 'hush-1', 'warren sealed token v1', 'AES-256-GCM for app-1', 32)
  const opening = createDecipheriv('aes-256-gcm', Buffer.from(key), bytes.subarray(1, 13))
  opening.setAAD(Buffer.from('app-1')).setAuthTag(bytes.subarray(-16))
  const text = Buffer.concat([opening.update(bytes.subarray(13, -16)), opening.final()])
  expect(JSON.parse(text.toString())).toEqual(TOKEN)
})

describe('is as none, and said so once and without content', () => {
  it.each<[string, (bytes: Uint8Array) => Uint8Array, Partial<SealedKeepOptions>]>([
    ['sealed with another secret', (bytes) => bytes, { secret: 'hush-2' }],
    ['sealed for another app', (bytes) => bytes, { appid: 'app-2' }],
    ['of another version', (bytes) => flipped(bytes, 0), {}],
    ['with a bit of its IV changed', (bytes) => flipped(bytes, 5), {}],
    ['with a bit of its text changed', (bytes) => flipped(bytes, 20), {}],
    ['with a bit of its tag changed', (bytes) => flipped(bytes, bytes.length - 1), {}],
    ['cut by a byte', (bytes) => bytes.slice(0, -1), {}],
    ['cut in its IV', (bytes) => bytes.slice(0, 9), {}],
    ['its version alone', (bytes) => bytes.slice(0, 1), {}],
    ['empty', () => new Uint8Array(), {}],
    ['garbage', () => new TextEncoder().encode(JSON.stringify(TOKEN)), {}],
  ])('%s', async (_, change, options) => {
    stored = change(await sealed())
    const keep = open(options)
    expect(await keep.load()).toBeUndefined()
    expect(await keep.load()).toBeUndefined()
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/^the kept token cannot be unsealed/)
    expect(warnings[0]).not.toMatch(/tok-|hush|app-\d/)
  })

  it('sealed with the right key, and no token', async () => {
    await open().save({ ...TOKEN, token: '' })
    expect(await open().load()).toBeUndefined()
    expect(warnings).toHaveLength(1)
  })

  it('and again where it was well in between', async () => {
    const bytes = await sealed()
    const keep = open()
    for (const damaged of [true, false, true, true]) {
      stored = damaged ? flipped(bytes, 20) : bytes
      await keep.load()
    }
    expect(warnings).toHaveLength(2)
  })
})

it('leaves it to its user what a store that fails comes to', async () => {
  const down = () => Promise.reject(new Error('down'))
  await expect(open({ read: down }).load()).rejects.toThrow('down')
  await expect(open({ write: down }).save(TOKEN)).rejects.toThrow('down')
})
