import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, type Node } from 'acorn'
import { describe, expect, it } from 'vitest'
import { filesOf } from './files-of.ts'
import { freeNames } from './free-names.ts'
import { BUILT } from './tools.ts'

const files = filesOf(BUILT)
const scripts = Object.entries(files).filter(([path]) => path.endsWith('.js'))

/** What the language of ES2017 gives, as far as it is used. */
const LANGUAGE = [
  'Array Boolean Date Error Infinity JSON Map Math NaN Number Object Promise RegExp Set String Symbol TypeError',
  'Uint8Array WeakMap WeakSet decodeURIComponent encodeURIComponent isFinite isNaN parseFloat parseInt undefined',
]
/** What a mini-program has besides: CommonJS, timers, a console, and one global of its host. */
const HOST = [
  'exports module require clearInterval clearTimeout console setInterval setTimeout',
  'wx my tt swan qq ks jd xhs getApp getCurrentPages',
]
const ALLOWED = new Set([...LANGUAGE, ...HOST].flatMap((names) => names.split(' ')))

it('holds what a user should see in miniprogram_npm, and nothing else', () => {
  const others = Object.keys(files).filter((path) => !/^plugins\/mini-[a-z-]+\.(js|d\.ts)$/.test(path))
  expect(others).toEqual(['index.d.ts', 'index.js', 'miniprogram.js', 'package.json'])
  const plugins = Object.keys(files).filter((path) => path.startsWith('plugins/'))
  const named = new Set(plugins.map((path) => path.replace(/\.(js|d\.ts)$/, '')))
  expect(plugins).toEqual([...named].flatMap((name) => [`${name}.d.ts`, `${name}.js`]))
})

it('says that it is CommonJS', () => {
  expect(JSON.parse(files['package.json'] ?? '')).toEqual({ type: 'commonjs' })
})

describe.each(scripts)('%s', (path, code) => {
  // A script, as the host wraps it: no import, no export.
  const tree = (): Node => parse(code, { ecmaVersion: 2017, sourceType: 'script', ranges: true })

  // Its regular expressions, too: JavaScriptCore before 16.4 refuses lookbehind, which came later.
  it('parses as ES2017', () => {
    tree()
  })

  it('asks for nothing but the language and a mini-program', () => {
    expect(freeNames(tree()).filter((name) => !ALLOWED.has(name))).toEqual([])
  })

  it('requires nothing outside its folder', () => {
    const names = [...code.matchAll(/\brequire\(([^)]*)\)/g)].map(([, name]) => name)
    expect(names).toEqual(path === 'miniprogram.js' ? ["'./index.js'"] : [])
  })
})

it('is the file that the package leads to', () => {
  const about = JSON.parse(readFileSync(join(BUILT, '../../package.json'), 'utf8')) as Record<string, unknown>
  expect(about).toMatchObject({
    main: 'dist/miniprogram/index.js',
    // A folder: a file's name is passed over, without a word.
    miniprogram: 'dist/miniprogram',
    exports: { './miniprogram': { default: './dist/miniprogram/index.js' } },
  })
  // They would be built into the user's mini-program, beside ours.
  expect(about).not.toHaveProperty('dependencies')
})
