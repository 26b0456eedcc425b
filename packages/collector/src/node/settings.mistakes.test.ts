import { describe, expect, it } from 'vitest'
import type { Environment } from '../settings/environment.ts'
import type { ServeFlags } from './settings.ts'
import { CONFIG, SECRET, TOKEN, wordsOf } from '../testing/settings-stage.ts'

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
    [
      'all kinds at once',
      {},
      { ...TOKEN, RABBITPRE_APPID: 'a', RABBITPRE_SECRET: SECRET },
      /^RABBITPRE_APPID and RABBITPRE_TOKEN are both set: keep one kind of credential$/,
    ],
    [
      'an appid alone',
      {},
      { RABBITPRE_APPID: SECRET },
      /^RABBITPRE_APPID is set and RABBITPRE_SECRET is not: set both$/,
    ],
    [
      'a secret alone',
      {},
      { RABBITPRE_SECRET: SECRET },
      /^RABBITPRE_SECRET is set and RABBITPRE_APPID is not: set both$/,
    ],
    [
      'a path for a token that is not fetched',
      {},
      { ...TOKEN, RABBITPRE_TOKEN_PATH: '/t' },
      /^RABBITPRE_TOKEN_PATH is set, and RABBITPRE_APPID and RABBITPRE_SECRET are not/,
    ],
    [
      'a path for the token that is a host',
      {},
      { RABBITPRE_APPID: 'a', RABBITPRE_SECRET: SECRET, RABBITPRE_TOKEN_PATH: '//h/x' },
      /^RABBITPRE_TOKEN_PATH: must begin with \/ and not/,
    ],
    [
      'an address without a token',
      {},
      { RABBITPRE_BASE_URL: 'http://x' },
      /^RABBITPRE_BASE_URL is set, .* set RABBITPRE_TOKEN/,
    ],
    ['a bad address', {}, { ...TOKEN, RABBITPRE_BASE_URL: `ftp://${SECRET}` }, /^RABBITPRE_BASE_URL: must be an http/],
    ['no address', {}, { ...TOKEN, RABBITPRE_BASE_URL: SECRET }, /^RABBITPRE_BASE_URL: must be an http/],
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
    [
      'parameters of another kind',
      {},
      { ...TOKEN, RABBITPRE_PUBLIC_PARAMS: '{"isMatching":1}' },
      /^RABBITPRE_PUBLIC_PARAMS: isMatching Invalid input: expected boolean, received number$/,
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
      'an app’s secret in place',
      { config: config({ credentials: { shop: { appid: 'a', secret: SECRET } } }) },
      {},
      /^credentials\.shop\.secret: must be \{ "variable": "NAME" \}/,
    ],
    [
      'no kind of credentials',
      { config: config({ credentials: { shop: {} } }) },
      {},
      /^credentials\.shop\.token: is required, or appid and secret in its place$/,
    ],
    [
      'both kinds of credentials',
      {
        config: config({ credentials: { shop: { token: { variable: 'T' }, appid: 'a', secret: { variable: 'S' } } } }),
      },
      {},
      /^credentials\.shop\.appid: does not go with token.*\ncredentials\.shop\.secret: does not go with token/,
    ],
    [
      'an appid without its secret',
      { config: config({ credentials: { shop: { appid: 'a' } } }) },
      {},
      /^credentials\.shop\.secret: is required with appid$/,
    ],
    [
      'a secret without its appid',
      { config: config({ credentials: { shop: { secret: { variable: 'S' } } } }) },
      {},
      /^credentials\.shop\.appid: is required with secret$/,
    ],
    [
      'a path of tokens that is a host',
      { config: config({ credentials: { shop: { appid: 'a', secret: { variable: 'S' }, tokenPath: '//h' } } }) },
      {},
      /^credentials\.shop\.tokenPath: must begin with \/ and not/,
    ],
    [
      'destinations that disagree on the host of their tokens',
      {
        config: config({
          credentials: { shop: { appid: 'a', secret: { variable: 'S' } } },
          destinations: { default: { credentials: 'shop' }, second: { credentials: 'shop', baseUrl: 'http://h' } },
        }),
      },
      {},
      /^credentials\.shop\.baseUrl: is required, since the destinations that use "shop" have different hosts$/,
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
