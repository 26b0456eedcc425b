import { describe, expect, it } from 'vitest'
import { readEdgeSettings } from './edge-settings.ts'
import { SettingsError } from './settings-error.ts'

const SECRET = 'sec-hush-0123456789'
const APP = { RABBITPRE_APPID: 'app-1', RABBITPRE_SECRET: SECRET }
const SOURCES = { shop: { kind: 'web', origins: ['https://shop.example'], shards: 4 } }

/** What is said of an environment that is wrong. */
function wordsOf(bindings: Record<string, unknown>): string {
  try {
    readEdgeSettings(bindings)
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError)
    return (error as Error).message
  }
  throw new Error('nothing was wrong')
}

describe('readEdgeSettings', () => {
  it.each([
    ['text', JSON.stringify({ sources: SOURCES })],
    ['a value that the runtime has parsed', { sources: SOURCES }],
  ])('reads WARREN_CONFIG as %s, and leaves bindings that are no text alone', (_, config) => {
    const settings = readEdgeSettings({ ...APP, WARREN_CONFIG: config, WARREN_ADMIN_TOKEN: 'op', QUEUES: { get() {} } })
    expect(settings.config.destinations).toMatchObject({ default: { credentials: 'environment' } })
    expect(settings.sources.get('shop')).toMatchObject({ kind: 'web', destination: 'default' })
    expect(settings.config.sources['shop']?.shards).toBe(4)
    expect(settings.adminToken).toBe('op')
    expect(settings.credentials.get('environment')).toEqual({
      kind: 'app',
      appid: 'app-1',
      secret: SECRET,
      baseUrl: 'https://integrate.rabbitpre.com',
    })
  })

  it.each([
    ['no configuration at all', {}, 'set RABBITPRE_APPID and RABBITPRE_SECRET'],
    ['no sources', APP, 'WARREN_CONFIG: no sources are configured'],
    ['an empty configuration', { ...APP, WARREN_CONFIG: '' }, 'WARREN_CONFIG: no sources are configured'],
    ['text that is no JSON', { ...APP, WARREN_CONFIG: '{"sources":' }, 'WARREN_CONFIG: the configuration is not JSON'],
    [
      'a value with a mistake',
      { ...APP, WARREN_CONFIG: { sources: { shop: { kind: 'web' } } } },
      'sources.shop.origins: is required for a web source',
    ],
    ['no shards', { ...APP, WARREN_CONFIG: { sources: { s: { ...SOURCES.shop, shards: 0 } } } }, 'sources.s.shards'],
    ['half an app', { RABBITPRE_SECRET: SECRET, WARREN_CONFIG: { sources: SOURCES } }, 'RABBITPRE_APPID is not'],
    [
      'a key in a file',
      { ...APP, WARREN_CONFIG: { sources: { erp: { kind: 'server', key: { file: '/run/key' } } } } },
      'sources.erp.key: there are no files here to read it from; name a variable',
    ],
    [
      'a token in a variable that is not set',
      {
        WARREN_CONFIG: {
          sources: SOURCES,
          destinations: { default: { credentials: 'shop' } },
          credentials: { shop: { token: { variable: 'SHOP_TOKEN' } } },
        },
      },
      'credentials.shop.token: the variable SHOP_TOKEN is not set',
    ],
    [
      'a token that no header can carry',
      { RABBITPRE_TOKEN: `${SECRET}\u200B`, WARREN_CONFIG: { sources: SOURCES } },
      'credentials.environment.token: the token holds a character that no HTTP header can carry',
    ],
    [
      'a key in a variable that is not set',
      { ...APP, WARREN_CONFIG: { sources: { erp: { kind: 'server', key: { variable: 'ERP_KEY' } } } } },
      'sources.erp.key: the variable ERP_KEY is not set',
    ],
  ])('refuses %s, and says what to do', (_, bindings, words) => {
    expect(wordsOf(bindings)).toContain(words)
    expect(wordsOf(bindings)).not.toContain(SECRET)
  })
})
