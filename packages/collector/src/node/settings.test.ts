import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { tokenBaseUrl } from '../config.ts'
import { readSecret, readSettings } from './settings.ts'
import { CONFIG, SECRET, TOKEN, wordsOf } from '../testing/settings-stage.ts'

const folder = mkdtempSync(join(tmpdir(), 'warren-settings-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

describe('what is given', () => {
  it('little is enough: a token', () => {
    const settings = readSettings({}, TOKEN)
    expect(settings).toEqual({
      port: 8787,
      host: '127.0.0.1',
      queue: { kind: 'sqlite', path: './warren.db' },
      isOpen: true,
      config: {
        batchPaths: [],
        credentials: { environment: { token: { variable: 'RABBITPRE_TOKEN' } } },
        destinations: { default: { credentials: 'environment', publicParams: { isMatching: false } } },
        sources: {},
        queue: {},
        deadLetters: { keepDays: 90, maxEvents: 1_000_000 },
      },
    })
    expect(JSON.stringify(settings)).not.toContain(SECRET)
  })

  it('flags beat variables', () => {
    const environment = { ...TOKEN, PORT: '1', HOST: '127.0.0.2', WARREN_DB: 'a.db', WARREN_QUEUE: 'memory:' }
    expect(readSettings({}, environment)).toMatchObject({ port: 1, host: '127.0.0.2', queue: { kind: 'memory' } })
    const flags = { port: '2', host: 'localhost', db: 'b.db', queue: 'sqlite:' }
    expect(readSettings(flags, environment)).toMatchObject({
      port: 2,
      host: 'localhost',
      queue: { kind: 'sqlite', path: 'b.db' },
    })
    expect(readSettings({ queue: 'none' }, environment).queue).toEqual({ kind: 'none' })
    expect(readSettings({ queue: 'sqlite' }, environment).queue).toEqual({ kind: 'sqlite', path: 'a.db' })
    const one = file('one.json', JSON.stringify(CONFIG))
    const other = JSON.stringify({ ...CONFIG, sources: {} })
    expect(readSettings({ config: one }, { WARREN_CONFIG: other }).isOpen).toBe(false)
    expect(readSettings({ config: other }, { WARREN_CONFIG: one }).isOpen).toBe(true)
  })

  it('variables beat the file, and leave the rest of it', () => {
    const config = JSON.stringify({
      ...CONFIG,
      destinations: {
        ...CONFIG.destinations,
        default: {
          credentials: 'shop',
          baseUrl: 'https://file.example',
          batchAddPath: '/file',
          publicParams: { isMatching: true, matchingType: 2, identifyWay: 1 },
        },
      },
    })
    const { destinations } = readSettings({ config }, { RABBITPRE_BASE_URL: 'http://127.0.0.1:9', ...TOKEN }).config
    expect(destinations).toEqual({
      default: {
        credentials: 'environment',
        baseUrl: 'http://127.0.0.1:9',
        batchAddPath: '/file',
        publicParams: { isMatching: true, matchingType: 2, identifyWay: 1 },
      },
      second: { credentials: 'shop', publicParams: { isMatching: false } },
    })
    const changes = { RABBITPRE_BATCH_ADD_PATH: '/v', RABBITPRE_PUBLIC_PARAMS: '{"isMatching":false}' }
    expect(readSettings({ config }, changes).config.destinations['default']).toEqual({
      credentials: 'shop',
      baseUrl: 'https://file.example',
      batchAddPath: '/v',
      publicParams: { isMatching: false },
    })
  })

  it('an empty variable is unset', () => {
    const empty = Object.fromEntries(
      [
        'PORT',
        'HOST',
        'WARREN_DB',
        'WARREN_QUEUE',
        'WARREN_CONFIG',
        'RABBITPRE_APPID',
        'RABBITPRE_SECRET',
        'RABBITPRE_TOKEN_FILE',
        'RABBITPRE_TOKEN_PATH',
        'RABBITPRE_BASE_URL',
        'RABBITPRE_BATCH_ADD_PATH',
        'RABBITPRE_PUBLIC_PARAMS',
      ].map((name) => [name, '']),
    )
    expect(readSettings({}, { ...empty, ...TOKEN })).toEqual(readSettings({}, TOKEN))
    expect(wordsOf({}, { RABBITPRE_TOKEN: '' })).toContain('RABBITPRE_TOKEN')
  })

  it('the configuration may be a path or the text itself, with a BOM or without', () => {
    const text = JSON.stringify(CONFIG)
    const path = file('bom.json', `\uFEFF${text}\r\n`)
    const wanted = readSettings({ config: text }, {})
    expect(wanted.config.sources['shop']).toEqual({
      kind: 'web',
      origins: ['https://shop.example'],
      destination: 'default',
      anonymous: 'unmatched',
      precedence: ['openid', 'unionid', 'phone', 'uid'],
    })
    for (const config of [path, `\uFEFF${text}`, ` \n${text}`]) expect(readSettings({ config }, {})).toEqual(wanted)
  })

  it('an appid and a secret are named, not read, and may have a path of their own', () => {
    const app = { RABBITPRE_APPID: 'app-1', RABBITPRE_SECRET: SECRET }
    const named = { appid: { variable: 'RABBITPRE_APPID' }, secret: { variable: 'RABBITPRE_SECRET' } }
    expect(readSettings({}, app).config.credentials).toEqual({ environment: named })
    expect(readSettings({}, { ...app, RABBITPRE_TOKEN_PATH: '/t' }).config.credentials).toEqual({
      environment: { ...named, tokenPath: '/t' },
    })
  })

  it('credentials of an app in the file: the appid as it is or by reference, the secret by reference', () => {
    const app = { appid: 'app-1', secret: { file: '/run/secret' }, tokenPath: '/t', baseUrl: 'https://t.example' }
    const other = { appid: { file: '/run/appid' }, secret: { variable: 'S' } }
    const config = JSON.stringify({ ...CONFIG, credentials: { ...CONFIG.credentials, app, other } })
    expect(readSettings({ config }, {}).config.credentials).toMatchObject({ app, other })
  })

  it('a token file is named, not read', () => {
    expect(readSettings({}, { RABBITPRE_TOKEN_FILE: '/run/token' }).config.credentials).toEqual({
      environment: { token: { file: '/run/token' } },
    })
  })
})

describe('readSecret', () => {
  it('reads a variable or a file, trimmed', () => {
    expect(readSecret({ variable: 'K' }, { K: ` ${SECRET}\n` }, 'x')).toBe(SECRET)
    expect(readSecret({ file: file('key', `\uFEFF${SECRET}\r\n`) }, {}, 'x')).toBe(SECRET)
  })

  it.each([
    ['a missing variable', { variable: 'K' }, /^sources\.s\.key: the variable K is not set$/],
    ['an empty variable', { variable: 'EMPTY' }, /^sources\.s\.key: the variable EMPTY is not set$/],
    ['a missing file', { file: join(folder, 'none') }, /^sources\.s\.key: the file .*none cannot be read$/],
    ['an empty file', { file: file('empty', ' \n') }, /^sources\.s\.key: the file .*empty is empty$/],
  ])('refuses %s', (_, reference, words) => {
    expect(() => readSecret(reference, { EMPTY: ' ' }, 'sources.s.key')).toThrow(words)
  })
})

it('destinations that agree on their host, or credentials that name it, leave no question', () => {
  const shop = { appid: 'a', secret: { variable: 'S' } }
  const destinations = { default: { credentials: 'shop' }, second: { credentials: 'shop', baseUrl: 'http://h' } }
  const own = { ...CONFIG, credentials: { shop: { ...shop, baseUrl: 'http://t' } }, destinations }
  const { config } = readSettings({ config: JSON.stringify(own) }, {})
  expect(tokenBaseUrl(config, 'shop')).toBe('http://t')
  const agreeing = { default: { credentials: 'shop', baseUrl: 'http://h/' }, second: destinations.second }
  const { config: agreed } = readSettings(
    { config: JSON.stringify({ ...CONFIG, credentials: { shop }, destinations: agreeing }) },
    {},
  )
  expect(tokenBaseUrl(agreed, 'shop')).toBe('http://h')
})
