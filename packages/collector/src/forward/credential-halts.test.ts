import { expect, it } from 'vitest'
import { credentialHalts } from './credential-halts.ts'

const open = () =>
  credentialHalts(
    () => 1000,
    () => 1,
  )

it('halts those credentials alone, and once', () => {
  const halts = open()
  halts.begin('a', { words: 'token' })
  const stop = halts.of('a')
  halts.begin('a', { words: 'token again' })
  expect(halts.of('a')).toBe(stop)
  expect(stop?.words).toBe('token')
  expect(halts.of('b')).toBeUndefined()
})

it('ends with the first call that is taken', () => {
  const halts = open()
  halts.begin('a', { words: 'token' })
  halts.begin('b', { words: 'token' })
  halts.end('a')
  expect(halts.of('a')).toBeUndefined()
  expect(halts.of('b')).toBeDefined()
})

it('is probed every five minutes at the least', () => {
  const halts = open()
  halts.begin('a', { words: 'token' })
  for (let probe = 0; probe < 30; probe++) halts.of('a')?.probed('token')
  expect(halts.of('a')?.nextAt).toBe(1000 + 300_000)
})
