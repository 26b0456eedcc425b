import { describe, expect, it } from 'vitest'
import { IDENTITY_TYPES } from '@warren/protocol'
import { configSchema, danglingNames } from './config.ts'
import { configuredSources, openSource, type SourceRules } from './sources.ts'

const rules = (changes: Partial<SourceRules>): SourceRules => ({
  kind: 'web',
  destination: 'default',
  anonymous: 'unmatched',
  precedence: [...IDENTITY_TYPES],
  ...changes,
})

/** The status of a request to a source with these rules: 200 where it may send. */
function statusOf(changes: Partial<SourceRules>, headers: Record<string, string>): number {
  try {
    configuredSources(new Map([['s', rules(changes)]]))(new Request('http://h/', { headers }), 's')
    return 200
  } catch (error) {
    return (error as { status: number }).status
  }
}

describe('configuredSources', () => {
  it.each([
    ['https://*.shop.example', 'https://m.shop.example', 200],
    ['https://*.shop.example', 'https://shop.example', 403],
    ['https://*.shop.example', 'https://xshop.example', 403],
    ['https://*.shop.example', 'http://m.shop.example', 403],
    ['https://*.shop.example:8443', 'https://m.shop.example:8443', 200],
    ['https://*.shop.example:8443', 'https://m.shop.example', 403],
    ['http://localhost:5173', 'http://localhost:5173', 200],
    ['http://localhost:5173', 'http://localhost:51733', 403],
    ['null', 'null', 200],
    ['*', 'null', 200],
  ])('where %s may send, %s is %i', (allowed, origin, status) => {
    expect(statusOf({ origins: [allowed] }, { origin })).toBe(status)
  })

  it('takes one of several origins', () => {
    const origins = ['https://a.example', 'https://*.b.example', 'null']
    expect(statusOf({ origins }, { origin: 'https://x.b.example' })).toBe(200)
    expect(statusOf({ origins }, { origin: 'https://c.example' })).toBe(403)
    expect(statusOf({ origins }, {})).toBe(403)
  })

  it.each(['', 'k', 'kex', 'KEY', 'keykey', 'ke'])('the key %j is not "key"', (key) => {
    expect(statusOf({ kind: 'server', key: 'key' }, { authorization: `Bearer ${key}` })).toBe(401)
    expect(statusOf({ kind: 'server', key: 'key' }, { authorization: 'Bearer key' })).toBe(200)
  })
})

it('the open source is one, whatever it is called', () => {
  const request = new Request('http://h/')
  expect(openSource(request, '')).toEqual(openSource(request, 'shop'))
  expect(openSource(request, 'shop')).toMatchObject({ id: 'open', rules: { kind: 'open', destination: 'default' } })
})

describe('the configuration of origins', () => {
  const issueOf = (origin: string) => {
    const sources = { s: { kind: 'web', origins: [origin] } }
    return configSchema.safeParse({ sources }).error?.issues[0]?.path.join('.')
  }
  it.each(['*', 'null', 'https://shop.example', 'https://*.shop.example', 'http://localhost:5173', 'file://x'])(
    'takes %s',
    (origin) => expect(issueOf(origin)).toBeUndefined(),
  )
  it.each([
    ['HTTPS://Shop.Example:443', 'https://shop.example'],
    ['http://shop.example:80', 'http://shop.example'],
    ['https://shop.example:8443', 'https://shop.example:8443'],
    ['https://*.Shop.Example:443', 'https://*.shop.example'],
    ['https://商店.example', 'https://xn--czrs0t.example'],
    ['capacitor://localhost', 'capacitor://localhost'],
  ])('brings %s into the form that browsers send', (written, sent) => {
    const { sources } = configSchema.parse({ sources: { s: { kind: 'web', origins: [written] } } })
    expect(sources['s']?.origins).toEqual([sent])
  })
  it.each(['', 'shop.example', 'https://', 'https://shop.example/', 'https://a.*.example', 'https://*', 'a b', '**'])(
    'refuses %j',
    (origin) => expect(issueOf(origin)).toBe('sources.s.origins.0'),
  )
})

it('every name that points nowhere is told, in one line each', () => {
  const config = configSchema.parse({
    destinations: { toString: { credentials: 'constructor' } },
    sources: { s: { kind: 'miniprogram', destination: 'hasOwnProperty' } },
  })
  expect(danglingNames(config)).toEqual([
    'destinations.toString.credentials: there is no "constructor" in credentials',
    'sources.s.destination: there is no "hasOwnProperty" in destinations',
  ])
})
