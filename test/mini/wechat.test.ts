import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'acorn'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { filesOf } from './files-of.ts'
import { packedApp } from './packed-app.ts'
import { runOffline } from './run-offline.ts'
import { startApp } from './start-app.ts'
import { BUILT, TOOLS, tool } from './tools.ts'

interface Answer {
  reports: Record<string, unknown>[]
  warnings: unknown[]
  compiled: Record<'es5' | 'asWritten', Record<string, string>>
}

let app: ReturnType<typeof packedApp>
let answer: Answer

beforeAll(() => {
  tool('node_modules/miniprogram-ci')
  app = packedApp(join(import.meta.dirname, 'fixture'))
  const script = join(import.meta.dirname, 'harness/wechat-build.cjs')
  const file = join(app.path, '../answer.json')
  runOffline(script, [TOOLS, app.path, file])
  answer = JSON.parse(readFileSync(file, 'utf8')) as Answer
}, 120_000)
afterAll(() => app?.remove())

describe("WeChat's npm build (构建 npm) of the packed tarball", () => {
  it('takes our folder as it is, and nothing else', () => {
    expect(filesOf(join(app.path, 'miniprogram_npm/@warren/tracker'))).toEqual(filesOf(BUILT))
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
  it('gives an app that delivers', async () => {
    const started = startApp(answer.compiled[mode])
    onTestFinished(started.close)
    await expect
      .poll(started.bodies, { timeout: 10_000 })
      .toMatchObject([{ sdk: 'mini-wx/0.1.0', events: [{ eventKey: 'a_open', args: { a_from: 'launch' } }] }])
  })
})

it("is left as it is by WeChat's compiler without es6", () => {
  const files = answer.compiled.asWritten
  const ours = Object.keys(files).filter((path) => path.startsWith('miniprogram_npm/@warren/tracker/'))
  expect(ours).toContain('miniprogram_npm/@warren/tracker/index.js')
  for (const path of ours) expect(files[path]).toBe(readFileSync(join(app.path, path), 'utf8'))
})

it("is brought down to ES5 by WeChat's compiler with es6", () => {
  const scripts = Object.entries(answer.compiled.es5).filter(([path]) => path.endsWith('.js'))
  expect(scripts.map(([path]) => path)).toContain('miniprogram_npm/@warren/tracker/index.js')
  for (const [, code] of scripts) parse(code, { ecmaVersion: 5 })
})
