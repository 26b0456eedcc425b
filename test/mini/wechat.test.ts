import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'acorn'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { miniCollector } from '../support/mini/mini-collector.ts'
import { createMiniHost } from '../support/mini/wx-double.ts'
import { filesOf } from './files-of.ts'
import { packedApp } from './packed-app.ts'
import { runOffline } from './run-offline.ts'
import { BUILT, EXAMPLES, TOOLS, tool } from './tools.ts'

interface Answer {
  reports: Record<string, unknown>[]
  warnings: unknown[]
  compiled: Record<'es5' | 'asWritten', Record<string, string>>
}

let app: ReturnType<typeof packedApp>
let answer: Answer

beforeAll(() => {
  tool('node_modules/miniprogram-ci')
  app = packedApp(join(EXAMPLES, 'wechat-miniprogram'))
  // As before a release: a phone takes https alone.
  const config = join(app.path, 'config.js')
  const written = readFileSync(config, 'utf8')
  writeFileSync(config, written.replace('http://127.0.0.1:8787', 'https://collect.example'))
  const script = join(import.meta.dirname, 'harness/wechat-build.cjs')
  const file = join(app.path, '../answer.json')
  runOffline(script, [TOOLS, app.path, file])
  answer = JSON.parse(readFileSync(file, 'utf8')) as Answer
}, 120_000)
afterAll(() => app?.remove())

describe("WeChat's npm build (构建 npm) of the packed tarball", () => {
  it('takes our folder as it is, and nothing else', () => {
    const ours = filesOf(BUILT)
    const taken = filesOf(join(app.path, 'miniprogram_npm/@warren/tracker'))
    expect(Object.keys(taken)).toEqual(Object.keys(ours))
    expect(Object.keys(ours).filter((path) => taken[path] !== ours[path])).toEqual([])
    const built = Object.keys(filesOf(join(app.path, 'miniprogram_npm')))
    expect(built.filter((path) => !path.startsWith('@warren/tracker/'))).toEqual([])
  })

  it('finds one package and warns of nothing', () => {
    expect(answer.warnings).toEqual([])
    expect(answer.reports).toEqual([
      expect.objectContaining({
        miniprogram_pack_num: 1,
        other_pack_num: 0,
        warn_not_found_num: 0,
        warn_require_var_num: 0,
        warn_require_rename_num: 0,
      }),
    ])
  })
})

describe.each(['es5', 'asWritten'] as const)("WeChat's compiler, %s", (mode) => {
  it('gives an app that tracks its launch, its page and what is bought, once the visitor agrees', async () => {
    const folder = join(app.path, '..', mode)
    for (const [path, content] of Object.entries(answer.compiled[mode])) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), content)
    }
    const collector = miniCollector()
    const host = createMiniHost({ domains: ['collect.example'], network: (request) => collector.network(request) })
    host.open(folder)
    await host.advance(1_000)
    const page = host.page() as unknown as Record<'agree' | 'buy', (event?: object) => void>
    page.buy({ currentTarget: { dataset: { name: '兔毛围巾', price: 168 } } })
    await host.advance(5_000)
    expect(host.requests).toEqual([])
    page.agree()
    await host.advance(5_000)
    const bySeq = collector.events().sort((a, b) => a.seq - b.seq)
    expect(bySeq).toMatchObject([
      { eventKey: 'c_launch', args: { path: 'pages/index/index' } },
      { eventKey: 'c_buy', args: { c_goods: '兔毛围巾', c_price: 168 }, identity: { openid: 'o-example-visitor' } },
      // Of a page only since consent.
      { eventKey: 'c_page_enter', args: { page: 'pages/index/index' } },
    ])
    expect([host.violations, host.errors, host.console]).toEqual([[], [], []])
  })
})

it("is left as it is by WeChat's compiler without es6", () => {
  const files = answer.compiled.asWritten
  const ours = Object.keys(files).filter((path) => path.startsWith('miniprogram_npm/@warren/tracker/'))
  expect(ours).toContain('miniprogram_npm/@warren/tracker/index.js')
  expect(ours.filter((path) => files[path] !== readFileSync(join(app.path, path), 'utf8'))).toEqual([])
})

it("is brought down to ES5 by WeChat's compiler with es6", () => {
  const scripts = Object.entries(answer.compiled.es5).filter(([path]) => path.endsWith('.js'))
  expect(scripts.map(([path]) => path)).toContain('miniprogram_npm/@warren/tracker/index.js')
  for (const [, code] of scripts) parse(code, { ecmaVersion: 5 })
})
