import { expect, it } from 'vitest'
import { storedKeep } from './stored-keep.ts'

const KEPT = { token: 'tok-hush-1', generation: 3, appid: 'app', lifeMs: 7_200_000, expiresAt: 2e12, renewAt: 1.9e12 }

function stage(name = 'main', secret = 'secret-hush') {
  const kept = new Map<string, string>()
  const ttls: number[] = []
  const warned: string[] = []
  const keepOf = (own = secret) =>
    storedKeep(
      {
        // Some stores have undefined where Workers KV has null.
        get: (key) => Promise.resolve(kept.get(key) as string),
        put: (key, value, { expirationTtl }) => {
          ttls.push(expirationTtl)
          return Promise.resolve(void kept.set(key, value))
        },
      },
      { name, appid: 'app', secret: own, warn: (words) => warned.push(words) },
    )
  return { kept, ttls, warned, keepOf }
}

it('keeps a token for those who have its secret, for two hours', async () => {
  const { kept, ttls, warned, keepOf } = stage()
  expect(await keepOf().load()).toBeUndefined()
  await keepOf().save(KEPT)
  expect(await keepOf().load()).toEqual(KEPT)
  expect(ttls).toEqual([7200])
  expect([...kept.values()].join()).not.toContain('tok-hush')
  expect(warned).toEqual([])
  expect(await keepOf('another').load()).toBeUndefined()
  expect(warned).toEqual([expect.stringContaining('cannot be unsealed')])
})

it.each([
  ['main', 'warren_token_main'],
  ['my.app-2', 'warren_token_my_46_app_45_2'],
])('keeps the token of %s under %s', async (name, key) => {
  const { kept, keepOf } = stage(name)
  await keepOf().save(KEPT)
  expect([...kept.keys()]).toEqual([key])
})
