import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readSecret, readSettings, SettingsError, type Environment, type ServeFlags } from './settings.ts'

const SECRET = 'tok-hush-0123456789'
const folder = mkdtempSync(join(tmpdir(), 'warren-settings-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const TOKEN = { RABBITPRE_TOKEN: SECRET }
const CONFIG = {
  credentials: { shop: { token: { variable: 'SHOP_TOKEN' } } },
  destinations: { default: { credentials: 'shop' }, second: { credentials: 'shop' } },
  sources: { shop: { kind: 'web', origins: ['https://shop.example'] } },
}

function wordsOf(flags: ServeFlags, environment: Environment): string {
  try {
    readSettings(flags, environment)
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError)
    return (error as Error).message
  }
  throw new Error('nothing was wrong')
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
        credentials: { environment: { token: { variable: 'RABBITPRE_TOKEN' } } },
        destinations: { default: { credentials: 'environment', publicParams: { isMatching: false } } },
        sources: {},
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

  it('a token file is named, not read', () => {
    expect(readSettings({}, { RABBITPRE_TOKEN_FILE: '/run/token' }).config.credentials).toEqual({
      environment: { token: { file: '/run/token' } },
    })
  })
})

describe('what is wrong is told with its key and a remedy, and without a secret', () => {
  const config = (changes: object) => JSON.stringify({ ...CONFIG, ...changes })
  const source = (changes: object) => config({ sources: { s: { kind: 'web', ...changes } } })

  it.each<[string, ServeFlags, Environment, RegExp]>([
    ['no token', {}, {}, /set RABBITPRE_TOKEN or RABBITPRE_TOKEN_FILE/],
    [
      'two tokens',
      {},
      { ...TOKEN, RABBITPRE_TOKEN_FILE: '/x' },
      /^RABBITPRE_TOKEN and RABBITPRE_TOKEN_FILE are both set: keep one$/,
    ],
    [
      'a token and an appid',
      {},
      { ...TOKEN, RABBITPRE_APPID: SECRET },
      /^RABBITPRE_APPID and RABBITPRE_TOKEN are both/,
    ],
    ['a token and a secret', {}, { ...TOKEN, RABBITPRE_SECRET: SECRET }, /^RABBITPRE_SECRET and RABBITPRE_TOKEN are/],
    ['a token file and a secret', {}, { RABBITPRE_TOKEN_FILE: '/x', RABBITPRE_SECRET: SECRET }, /RABBITPRE_TOKEN_FILE/],
    ['an appid alone', {}, { RABBITPRE_APPID: SECRET }, /^RABBITPRE_APPID: .* set RABBITPRE_TOKEN/],
    [
      'an address without a token',
      {},
      { RABBITPRE_BASE_URL: 'http://x' },
      /^RABBITPRE_BASE_URL is set, .* set RABBITPRE_TOKEN/,
    ],
    ['a bad address', {}, { ...TOKEN, RABBITPRE_BASE_URL: `ftp://${SECRET}` }, /^RABBITPRE_BASE_URL: must be an http/],
    ['a bad path', {}, { ...TOKEN, RABBITPRE_BATCH_ADD_PATH: SECRET }, /^RABBITPRE_BATCH_ADD_PATH: must begin with \//],
    [
      'a path that is a host',
      {},
      { ...TOKEN, RABBITPRE_BATCH_ADD_PATH: '//h/x' },
      /^RABBITPRE_BATCH_ADD_PATH: must begin with \/ and not/,
    ],
    [
      'an address with a path',
      {},
      { ...TOKEN, RABBITPRE_BASE_URL: 'https://h/x' },
      /^RABBITPRE_BASE_URL: must be scheme and host alone/,
    ],
    [
      'broken parameters',
      {},
      { ...TOKEN, RABBITPRE_PUBLIC_PARAMS: `{${SECRET}` },
      /^RABBITPRE_PUBLIC_PARAMS: must be JSON/,
    ],
    [
      'incomplete parameters',
      {},
      { ...TOKEN, RABBITPRE_PUBLIC_PARAMS: '{"isMatching":true,"matchingType":2}' },
      /^RABBITPRE_PUBLIC_PARAMS: identifyWay is required/,
    ],
    ['a port of letters', { port: 'http' }, TOKEN, /^--port: http is no port; give a number from 0/],
    ['an empty port', { port: '' }, TOKEN, /^--port: /],
    ['a port too high', {}, { ...TOKEN, PORT: '65536' }, /^PORT: 65536 is no port/],
    [
      'another queue',
      {},
      { ...TOKEN, WARREN_QUEUE: `postgres://u:${SECRET}@h/db` },
      /^--queue\/WARREN_QUEUE: "postgres:" is not known here; use sqlite:/,
    ],
    ['an open address', { host: '0.0.0.0' }, TOKEN, /^on 0\.0\.0\.0 anyone could send .* write sources/],
    ['every address', {}, { ...TOKEN, HOST: '::' }, /^on :: anyone/],
    ['a missing file', { config: '/nowhere/warren.json' }, TOKEN, /^--config: cannot read \/nowhere\/warren\.json$/],
    ['a missing file', {}, { ...TOKEN, WARREN_CONFIG: 'nowhere.json' }, /^WARREN_CONFIG: cannot read \//],
    ['broken JSON', { config: `{"token": ${SECRET}}` }, {}, /^--config: the configuration is not JSON/],
    [
      'broken JSON',
      {},
      { WARREN_CONFIG: `{"a": "${SECRET}" x}` },
      /^WARREN_CONFIG: the configuration is not JSON: see line 1/,
    ],
    ['an unknown key', { config: config({ extra: 1 }) }, {}, /extra/],
    [
      'a secret in place',
      { config: config({ credentials: { shop: { token: SECRET } } }) },
      {},
      /^credentials\.shop\.token: must be \{ "variable": "NAME" \}/,
    ],
    [
      'a key in place',
      { config: config({ sources: { s: { kind: 'server', key: SECRET } } }) },
      {},
      /^sources\.s\.key: must be/,
    ],
    ['no origins', { config: source({}) }, {}, /^sources\.s\.origins: is required for a web source; \["\*"\]/],
    [
      'a bad origin',
      { config: source({ origins: ['shop.example/path'] }) },
      {},
      /^sources\.s\.origins\.0: must be an origin such as/,
    ],
    [
      'origins of a server',
      { config: source({ kind: 'server', key: { variable: 'K' }, origins: ['*'] }) },
      {},
      /^sources\.s\.origins: is for web/,
    ],
    ['a server without key', { config: source({ kind: 'server' }) }, {}, /^sources\.s\.key: is required/],
    [
      'a key on a page',
      { config: source({ origins: ['*'], key: { variable: 'K' } }) },
      {},
      /^sources\.s\.key: is for server sources alone/,
    ],
    [
      'a source to nowhere',
      { config: source({ origins: ['*'], destination: 'x' }) },
      {},
      /^sources\.s\.destination: there is no "x" in destinations$/,
    ],
    [
      'a destination without credentials',
      { config: config({ destinations: { d: { credentials: 'x' } }, sources: {} }) },
      {},
      /^destinations\.d\.credentials: there is no "x"/,
    ],
    [
      'an open source to nowhere',
      { config: config({ destinations: { d: { credentials: 'shop' } }, sources: {} }) },
      {},
      /destination "default", and there is none: write sources/,
    ],
    [
      'a name taken',
      {
        config: config({
          credentials: { shop: { token: { variable: 'A' } }, environment: { token: { variable: 'B' } } },
        }),
      },
      TOKEN,
      /^credentials\.environment: RABBITPRE_TOKEN takes this name/,
    ],
  ])('%s: %#', (_, flags, environment, words) => {
    const told = wordsOf(flags, environment)
    expect(told).toMatch(words)
    expect(told).not.toContain('hush')
  })

  it('all mistakes of a file at once, a line each', () => {
    const lines = wordsOf({ config: source({ precedence: [], origins: [] }) }, {}).split('\n')
    expect(lines.map((line) => line.split(':')[0])).toEqual(['sources.s.origins', 'sources.s.precedence'])
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
