import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packedApp } from './packed-app.ts'
import { EXAMPLES, tool } from './tools.ts'

interface Resolver {
  resolveSync(context: object, folder: string, request: string): string | false
}
interface ResolveTool {
  ResolverFactory: { createResolver(options: object): Resolver }
  CachedInputFileSystem: new (files: unknown, ms: number) => object
}

let app: ReturnType<typeof packedApp>
beforeAll(() => {
  app = packedApp(join(EXAMPLES, 'wechat-miniprogram'))
})
afterAll(() => app?.remove())

/** What a builder with these settings takes: the file in the package, and the kind of module that it takes it for. */
function resolve(request: string, options: object): { file: string; type: unknown } {
  const { ResolverFactory, CachedInputFileSystem } = createRequire(import.meta.url)(
    tool('node_modules/enhanced-resolve'),
  ) as ResolveTool
  const fileSystem = new CachedInputFileSystem(createRequire(import.meta.url)('node:fs'), 0)
  const resolver = ResolverFactory.createResolver({ useSyncFileSystemCalls: true, fileSystem, ...options })
  const found = resolver.resolveSync({}, app.path, request)
  if (!found) throw new Error(`${request} leads to nothing`)
  return { file: relative(join(realpathSync(app.path), 'node_modules/@warren/tracker'), found), type: typeOf(found) }
}

/** As Node and webpack find it: the nearest `package.json` alone says it. */
function typeOf(path: string): unknown {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const about = join(folder, 'package.json')
    if (existsSync(about)) return (JSON.parse(readFileSync(about, 'utf8')) as { type?: string }).type
  }
}

const WEB = { file: 'dist/index.js', type: 'module' }
const MINI = { file: 'dist/miniprogram/index.js', type: 'commonjs' }
const FIELDS = ['browser', 'module', 'jsnext:main', 'main']

describe.each([
  ['Taro, uni-app and Mpx', { conditionNames: ['browser', 'import', 'module', 'default'], mainFields: FIELDS }],
  ['a builder that imports', { conditionNames: ['import', 'default'], mainFields: FIELDS }],
  ['a builder that knows no exports, as webpack 4', { exportsFields: [], mainFields: FIELDS }],
])('%s', (_, options) => {
  it('takes the mini-program file, as CommonJS, from /miniprogram', () => {
    expect(resolve('@warren/tracker/miniprogram', options)).toEqual(MINI)
  })

  it.each(['mini-pages', 'mini-context', 'mini-login'])('takes the plugin %s, as CommonJS', (name) => {
    const file = `dist/miniprogram/plugins/${name}.js`
    expect(resolve(`@warren/tracker/plugins/${name}`, options)).toEqual({ file, type: 'commonjs' })
  })

  it('takes the page file, as a module, from the root', () => {
    expect(resolve('@warren/tracker', options)).toEqual(WEB)
  })
})

it('takes the mini-program file from the root where only `main` is read', () => {
  expect(resolve('@warren/tracker', { exportsFields: [], mainFields: ['main'] })).toEqual(MINI)
})

it.each(['@warren/tracker', '@warren/tracker/miniprogram'])(
  'is one object by both names in miniprogram_npm: %s',
  (name) => {
    const folder = join(app.path, 'miniprogram_npm')
    mkdirSync(join(folder, '@warren'), { recursive: true })
    cpSync(join(app.path, 'node_modules/@warren/tracker/dist/miniprogram'), join(folder, '@warren/tracker'), {
      recursive: true,
    })
    const program = `console.log(JSON.stringify(Object.keys(require(${JSON.stringify(name)}))),
      require('@warren/tracker') === require('@warren/tracker/miniprogram'))`
    // Modules may not be required in a mini-program: only CommonJS passes.
    const args = ['--no-experimental-require-module', '--input-type=commonjs', '-e', program]
    const env = { PATH: process.env['PATH'] ?? '', NODE_PATH: folder }
    // Away from node_modules, which would come first.
    const told = execFileSync(process.execPath, args, {
      cwd: dirname(app.path),
      env,
      encoding: 'utf8',
      timeout: 20_000,
    })
    expect(told).toBe('["createTracker"] true\n')
  },
)
