import { expect } from 'vitest'
import { readSettings, type ServeFlags } from '../node/settings.ts'
import type { Environment } from '../settings/environment.ts'
import { SettingsError } from '../settings/settings-error.ts'

/** A token that no message may show. */
export const SECRET = 'tok-hush-0123456789'
export const TOKEN = { RABBITPRE_TOKEN: SECRET }
export const CONFIG = {
  credentials: { shop: { token: { variable: 'SHOP_TOKEN' } } },
  destinations: { default: { credentials: 'shop' }, second: { credentials: 'shop' } },
  sources: { shop: { kind: 'web', origins: ['https://shop.example'] } },
}

/** What is said of settings that are wrong. */
export function wordsOf(flags: ServeFlags, environment: Environment): string {
  try {
    readSettings(flags, environment)
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError)
    return (error as Error).message
  }
  throw new Error('nothing was wrong')
}
