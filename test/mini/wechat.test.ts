import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'acorn'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { filesOf } from './files-of.ts'
import { packedApp } from './packed-app.ts'
import { startApp } from './start-app.ts'
import { BUILT, TOOLS, tool } from './tools.ts'

interface Answer {
  reports: Record<string, unknown>[]
  warnings: unknown[]
  compiled: Record<'es5' | 'asWritten', Record<string, string>>
}

let app: ReturnType<typeof packedApp>
let answer: Answer

/** Without a network where the system lets us; the script fails every look-up besides. */
const canUnshare = spawnSync('unshare', ['-rn', 'true']).status === 0

beforeAll(() => {
  tool('node_modules/miniprogram-ci')
  app = packedApp(join(import.meta.dirname, 'fixture'))
  const script = join(import.meta.dirname, 'harness/wechat-build.cjs')
  const file = join(app.path, '../answer.json')
  const args = [script, TOOLS, app.path, file]
  const [command, before] = canUnshare ? ['unshare', ['-rn', process.execPath]] : [process.execPath, []]
  const { status, stdout, stderr } = spawnSync(command, [...before, ...args], { encoding: 'utf8', timeout: 50_000 })
  if (status !== 0) throw new Error(`WeChat's tools ended with ${status}:\n${stdout}\n${stderr}`)
  answer = JSON.parse(readFileSync(file, 'utf8')) as Answer
}, 60_000)
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
      .poll(started.events, { timeout: 10_000 })
      .toMatchObject([{ eventKey: 'a_open', args: { a_from: 'launch' } }])
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
