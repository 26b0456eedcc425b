import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

/**
 * Who may import whom. A room that is not named may not be imported; `types` marks arrows that may carry types alone,
 * because the tracker must not load zod, which comes with the wire's schemas; nor must the queue, whose thread it would
 * cost 18 MB (measured). Of zod, its small build alone: the other one is a third of what a Worker may weigh.
 */
const ALLOWED: Record<string, readonly string[]> = {
  protocol: ['zod/mini', 'zod/locales'],
  rabbitpre: ['@warren/protocol', 'zod/mini', 'node:fs'],
  'rabbitpre/sandbox': ['@warren/protocol', 'zod/mini', 'hono', 'rabbitpre'],
  'tracker/core': ['@warren/protocol (types)', '@warren/protocol/*'],
  'tracker/web': ['@warren/protocol (types)', '@warren/protocol/*', 'tracker/core', 'tracker/plugins', 'idb-keyval'],
  'tracker/miniprogram': ['@warren/protocol (types)', '@warren/protocol/*', 'tracker/core'],
  'tracker/plugins': ['tracker/core (types)', 'tracker/miniprogram'],
  collector: [
    '@warren/protocol',
    '@warren/rabbitpre',
    'hono',
    'zod/mini',
    'collector/admin',
    'collector/ingest',
    'collector/queue (ports)',
    'collector/forward',
  ],
  'collector/admin': [
    '@warren/protocol',
    '@warren/rabbitpre',
    'hono',
    'zod/mini',
    'collector',
    'collector/ingest',
    'collector/queue (ports)',
  ],
  'collector/direct': [
    '@warren/protocol',
    '@warren/rabbitpre',
    'collector',
    'collector/queue (ports)',
    'collector/forward',
  ],
  'collector/fetch': [
    '@warren/rabbitpre',
    'hono',
    'collector',
    'collector/direct',
    'collector/edge',
    'collector/settings',
  ],
  'collector/edge': ['hono', 'collector', 'collector/settings'],
  'collector/settings': ['@warren/protocol', '@warren/rabbitpre', 'collector', 'collector/forward'],
  'collector/ingest': ['@warren/protocol', '@warren/rabbitpre', 'hono', 'collector', 'collector/queue (ports)'],
  'collector/queue': ['@warren/protocol (types)', '@warren/protocol/*'],
  'collector/forward': ['@warren/protocol', '@warren/rabbitpre', 'collector', 'collector/queue (ports)'],
  'collector/node': [
    '@warren/protocol',
    '@warren/rabbitpre',
    '@warren/rabbitpre/token-file',
    '@hono/node-server',
    'hono',
    'pino',
    'prom-client',
    'node:*',
    'collector',
    'collector/admin',
    'collector/direct',
    'collector/queue',
    'collector/forward',
    'collector/settings',
  ],
  'collector/cloudflare': [
    '@warren/protocol',
    '@warren/rabbitpre',
    'cloudflare:workers',
    'hono',
    'collector',
    'collector/admin',
    'collector/queue',
    'collector/forward',
    'collector/settings',
    'collector/edge',
  ],
  cli: [
    '@warren/protocol',
    '@warren/rabbitpre',
    '@warren/rabbitpre/sandbox',
    '@warren/collector (types)',
    '@warren/collector/node',
    '@warren/tracker/scripts',
    '@hono/node-server',
    'hono',
    'commander',
    'puppeteer-core',
    'node:*',
  ],
}

/** The composition roots, where rooms that otherwise never meet are put together. */
const ROOTS = new Set(['packages/collector/src/index.ts', 'packages/rabbitpre/src/index.ts'])

const root = resolve(import.meta.dirname, '..')

interface Arrow {
  file: string
  from: string
  to: string
  isTypes: boolean
}

/** By the path of a file in `src`: tests, and what only tests import. */
const isTestSupport = /\.test\.ts$|conformance\.ts$|test-platform\.ts$|\b(conformance|testing)\//

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !isTestSupport.test(name))
    .map((name) => join(folder, name))
}

/** The room of a file: its package, and the folder in it where that is a room of its own. */
function roomOf(file: string): string {
  const [, name = '', , first = '', ...rest] = relative(root, file).split('/')
  const inner = `${name}/${first}`
  return rest.length > 0 && Object.hasOwn(ALLOWED, inner) ? inner : name
}

function arrowsOf(file: string): Arrow[] {
  const found: Arrow[] = []
  const text = readFileSync(file, 'utf8')
  for (const match of text.matchAll(
    /^(import|export)\s+(type\s)?[^'"]*?from\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|^import\s+['"]([^'"]+)['"]/gm,
  )) {
    const target = match[3] ?? match[4] ?? match[5] ?? ''
    const isTypes = match[2] !== undefined || /^import\s+\{(\s*type\s[^,}]+,?)+\s*\}\s+from/.test(match[0])
    if (!target.startsWith('.')) {
      found.push({ file, from: roomOf(file), to: target, isTypes })
      continue
    }
    const path = resolve(dirname(file), target)
    expect(existsSync(path), `${relative(root, file)} imports ${target}`).toBe(true)
    const to = roomOf(path)
    if (to !== roomOf(file))
      found.push({
        file,
        from: roomOf(file),
        to: /\/queue\/(ports|dead-letters)\.ts$/.test(path) ? `${to} (ports)` : to,
        isTypes,
      })
  }
  return found
}

function isAllowed({ from, to, isTypes }: Arrow): boolean {
  return (ALLOWED[from] ?? []).some((rule) => {
    if (rule.endsWith(' (types)')) return isTypes && to === rule.slice(0, -' (types)'.length)
    if (rule.endsWith('*')) return to.startsWith(rule.slice(0, -1))
    // A package's own paths (hono/cors) go with it; a room is meant alone.
    const isRoom = Object.hasOwn(ALLOWED, rule)
    return (
      to === rule || to === `${rule} (ports)` || (!isRoom && !rule.startsWith('@warren/') && to.startsWith(`${rule}/`))
    )
  })
}

describe('the import arrows', () => {
  const packages = readdirSync(join(root, 'packages'))
  it.each(packages)('%s imports only what its room may', (name) => {
    const files = sourceFiles(join(root, 'packages', name, 'src'))
    expect(files.length).toBeGreaterThan(0)
    const wrong = files
      .filter((file) => !ROOTS.has(relative(root, file)))
      .flatMap(arrowsOf)
      .filter((arrow) => !isAllowed(arrow))
      .map(({ file, to, isTypes }) => `${relative(root, file)} → ${to}${isTypes ? ' (types)' : ''}`)
    expect(wrong).toEqual([])
  })

  it('knows a wrong arrow when it sees one', () => {
    const arrow = { file: '', isTypes: false }
    expect(isAllowed({ ...arrow, from: 'tracker/core', to: 'tracker/web' })).toBe(false)
    expect(isAllowed({ ...arrow, from: 'tracker/core', to: '@warren/protocol' })).toBe(false)
    expect(isAllowed({ ...arrow, from: 'tracker/core', to: '@warren/protocol', isTypes: true })).toBe(true)
    expect(isAllowed({ ...arrow, from: 'collector/forward', to: 'collector/queue' })).toBe(false)
    expect(isAllowed({ ...arrow, from: 'collector/forward', to: 'collector/queue (ports)' })).toBe(true)
    expect(isAllowed({ ...arrow, from: 'collector/node', to: '@warren/rabbitpre/sandbox' })).toBe(false)
    expect(isAllowed({ ...arrow, from: 'protocol', to: '@warren/rabbitpre' })).toBe(false)
    expect(isAllowed({ ...arrow, from: 'protocol', to: 'zod' })).toBe(false)
  })
})

it('the tracker publishes no dependencies', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'packages/tracker/package.json'), 'utf8')) as Record<
    string,
    unknown
  >
  expect(manifest['dependencies']).toBeUndefined()
  expect(manifest['peerDependencies']).toBeUndefined()
})
