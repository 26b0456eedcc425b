import { readFileSync } from 'node:fs'
import { builtinModules, createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parse } from 'acorn'
import { afterEach, expect, it } from 'vitest'
import { batchOf, timeUuid } from '../support/load.ts'
import { startSandbox } from '../support/sandbox.ts'
import { startWorkerd } from '../support/workerd.ts'

/** The entry for any fetch handler, as it is built: nothing of Node's in it, in any package that it reaches. */

const ENTRY = resolve(import.meta.dirname, '../../packages/collector/dist/fetch/index.js')
const NODES_OWN = new Set(builtinModules)
const isNodes = (name: string) => name.startsWith('node:') || NODES_OWN.has(name.split('/')[0] ?? '')

const ended: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end()
})

interface Graph {
  files: string[]
  /** Each with the file that asks for it. */
  builtins: string[]
}

/** All that an ES module loads, by its own words and by those of what it loads. */
function graphOf(entry: string): Graph {
  const seen = new Set<string>()
  const builtins: string[] = []
  const waiting = [entry]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue
    seen.add(file)
    for (const name of importsOf(file)) {
      if (isNodes(name)) builtins.push(`${file} → ${name}`)
      else waiting.push(pathOf(name, file))
    }
  }
  return { files: [...seen], builtins }
}

/** What a module imports, and exports from others; and any `import()` and `require()` of a text. */
function importsOf(file: string): string[] {
  const names: string[] = []
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit)
    if (typeof node !== 'object' || node === null) return
    const { type, source, callee, arguments: args } = node as Record<string, Record<string, unknown> & unknown[]>
    const kind = type as unknown as string | undefined
    if (source && /^(Import|Export)/.test(kind ?? '') && typeof source['value'] === 'string')
      names.push(source['value'])
    const [first] = (args ?? []) as { value?: unknown }[]
    if (callee?.['name'] === 'require' && typeof first?.value === 'string') names.push(first.value)
    Object.values(node).forEach(visit)
  }
  visit(parse(readFileSync(file, 'utf8'), { ecmaVersion: 'latest', sourceType: 'module' }))
  return names
}

/** By the file's own packages, as an edge's bundler finds them: by `import`, without Node's condition. */
function pathOf(name: string, from: string): string {
  if (name.startsWith('.')) return resolve(dirname(from), name)
  const parts = name.split('/')
  const length = name.startsWith('@') ? 2 : 1
  const subpath = ['.', ...parts.slice(length)].join('/')
  const manifest = findManifest(parts.slice(0, length).join('/'), from)
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports: Record<string, unknown> }
  const target = targetOf(exports[subpath])
  if (target === undefined) throw new Error(`${from} imports ${name}, which ${manifest} does not export`)
  return resolve(dirname(manifest), target)
}

function targetOf(given: unknown): string | undefined {
  if (typeof given === 'string') return given
  if (typeof given !== 'object' || given === null) return undefined
  for (const [condition, value] of Object.entries(given)) {
    if (!['import', 'default'].includes(condition)) continue
    const target = targetOf(value)
    if (target !== undefined) return target
  }
  return undefined
}

function findManifest(packageName: string, from: string): string {
  const paths = createRequire(pathToFileURL(from)).resolve.paths(packageName) ?? []
  for (const folder of paths) {
    const manifest = resolve(folder, packageName, 'package.json')
    try {
      readFileSync(manifest)
      return manifest
    } catch {
      // Further up, then.
    }
  }
  throw new Error(`${from} imports ${packageName}, which is not installed`)
}

it('loads no module of Node’s, through all packages', () => {
  const { files, builtins } = graphOf(ENTRY)
  expect(builtins).toEqual([])
  // It did look: our own packages and others' are among what it loads.
  for (const part of ['rabbitpre/dist/', 'protocol/dist/', 'direct/direct-sink.js', '/hono/', '/zod/']) {
    expect(
      files.some((file) => file.includes(part)),
      part,
    ).toBe(true)
  }
  const other = resolve(dirname(ENTRY), '../node/sqlite.js')
  expect(graphOf(other).builtins).toContainEqual(expect.stringContaining(' → node:'))
})

const APP = { appid: 'app-1', secret: 'secret-hush' }

/** The entry in a Worker, and a platform that gives tokens. */
async function start(tokenLifeMs?: number) {
  const sandbox = await startSandbox({ app: { ...APP, ...(tokenLifeMs === undefined ? {} : { tokenLifeMs }) } })
  ended.push(sandbox.close)
  const workerd = await startWorkerd({
    entry: resolve(import.meta.dirname, 'workers/direct.ts'),
    bindings: {
      RABBITPRE_APPID: APP.appid,
      RABBITPRE_SECRET: APP.secret,
      RABBITPRE_BASE_URL: sandbox.url,
      WARREN_CONFIG: { sources: { shop: { kind: 'web', origins: ['*'] } } },
    },
  })
  ended.push(workerd.dispose)
  async function send(uuids: readonly string[]) {
    const response = await fetch(`${workerd.url}/v1/batch?source=shop`, { method: 'POST', body: batchOf(uuids) })
    const answer = (await response.json()) as object
    return { status: response.status, retryAfter: response.headers.get('retry-after'), ...answer }
  }
  return { sandbox, workerd, send }
}

it('loads and answers in workerd without compatibility with Node', async () => {
  const { sandbox, workerd, send } = await start()
  const uuids = Array.from({ length: 300 }, timeUuid)
  expect(await send(uuids)).toMatchObject({ status: 200, accepted: 300 })
  expect(await send(uuids)).toMatchObject({ status: 200, accepted: 300 })

  // Another isolate, which has only the cache: neither a second token nor a second call.
  await workerd.kill()
  expect(await send(uuids)).toMatchObject({ status: 200, accepted: 300 })
  expect(await sandbox.events()).toMatchObject({ total: 300, repeats: 0 })
  expect(sandbox.calls).toHaveLength(1)
  const fresh = timeUuid()
  await sandbox.script({ kind: 'status', status: 503, retryAfter: '7' })
  const told = { status: 200, accepted: 299, retry: [fresh], retryAfter: '7' }
  expect(await send([fresh, ...uuids.slice(1)])).toMatchObject(told)
  expect((await sandbox.tokens()).calls).toHaveLength(1)
  expect(workerd.output()).not.toContain(APP.secret)
})

it('a token’s renewal is not cut off by the end of the request that began it', async () => {
  const lifeMs = 5000
  const { sandbox, send } = await start(lifeMs)
  expect(await send([timeUuid()])).toMatchObject({ accepted: 1 })
  // Past nine tenths of its life it is due.
  await setTimeout(lifeMs * 0.92)
  await sandbox.script({ kind: 'slow', on: 'token', ms: 300, store: 'after', times: 1 })
  expect(await send([timeUuid()])).toMatchObject({ accepted: 1 })
  await setTimeout(lifeMs * 0.1)
  expect(await send([timeUuid()])).toMatchObject({ accepted: 1 })
  const { calls } = await sandbox.tokens()
  expect(calls.map(({ ms }) => ms !== null)).toEqual([true, true])
})
