import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { constants, createContext, Script } from 'node:vm'
import { guardMembers } from './mini-guard.ts'
import { TIMED_PROMISE } from './mini-timed-promise.ts'

/**
 * Where an app's code runs: a JavaScript of its own that has what the language has, the globals that it is given, and
 * nothing else: no window, no process, no code made of text. Modules are CommonJS files.
 */
export interface MiniRealm {
  /** Gives it globals; `violate` is told when code replaces one. */
  define(globals: Record<string, unknown>, violate: (words: string) => void): void
  /** Runs a file once, strictly, and returns what it exports. */
  run(file: string): unknown
  /** What the text says, as objects of this realm. */
  parse(text: string): unknown
  error(message: string): Error
  /** An object of this realm with the same members. */
  own(members: object): object
  /** Bytes of this realm's. */
  bytes(from: Uint8Array): ArrayBuffer
  promise(): { promise: Promise<unknown>; resolve(value: unknown): void; reject(reason: unknown): void }
}

export interface RealmOptions {
  now: () => number
  /** A file, or a package's folder as 构建 npm leaves it, for the names that modules ask for without a path. */
  modules?: Record<string, string>
  /** Taken from the language, as of an old phone: `Proxy`, `Object.fromEntries`, `Promise.prototype.finally`. */
  without?: string[]
  /** Promises are made of setTimeout, as on iOS up to 15. */
  isPromiseTimed?: boolean
}

/** What Node's bare contexts have and mini-programs have not, or not everywhere. */
const NEVER_THERE = ['globalThis', 'WebAssembly', 'SharedArrayBuffer', 'Atomics']

/** In strict code and a function, as the hosts wrap a module; on one line, so that lines in stacks are the file's. */
const wrap = (code: string) => `(function (require, module, exports) { 'use strict'; ${code}\n})`

export function createMiniRealm({ now, modules = {}, without = [], isPromiseTimed = false }: RealmOptions): MiniRealm {
  const context = createContext(constants.DONT_CONTEXTIFY, { codeGeneration: { strings: false, wasm: false } })
  const evaluate = (code: string, filename = 'realm') => new Script(code, { filename }).runInContext(context) as unknown

  const primordials = evaluate(`({
    parse: JSON.parse,
    error: (message) => new Error(message),
    own: (members) => ({ ...members }),
    bytes(from) { const to = new Uint8Array(from.length); to.set(from); return to.buffer },
    promise() {
      let resolve, reject
      const promise = new Promise((...both) => { [resolve, reject] = both })
      return { promise, resolve, reject }
    },
    giveClock(now) {
      const set = Reflect.set, construct = Reflect.construct, Real = Date
      Date = new Proxy(Real, {
        construct: (_, given, target) => construct(Real, given.length ? given : [now()], target === Date ? Real : target),
        apply: () => new Real(now()).toString(),
        get: (real, name) => (name === 'now' ? now : real[name]),
      })
      Real.prototype.constructor = Date
    },
    take(path) {
      const names = path.split('.'), last = names.pop()
      const owner = names.reduce((object, name) => object && object[name], this)
      if (!owner || delete owner[last]) return
      // It cannot be taken from its owner (Symbol.asyncIterator), so that another one takes its place without it.
      const other = this[path.split('.')[0]] = (...given) => owner(...given)
      const { [last]: taken, length, name, ...members } = Object.getOwnPropertyDescriptors(owner)
      Object.defineProperties(other, members)
    },
    global: this,
  })`) as Omit<MiniRealm, 'define' | 'run'> & {
    giveClock(now: () => number): void
    take(this: unknown, path: string): void
    global: object
  }
  primordials.giveClock(now)
  for (const path of [...NEVER_THERE, ...without]) primordials.take.call(primordials.global, path)

  if (isPromiseTimed) evaluate(TIMED_PROMISE)

  const loaded = new Map<string, { exports: unknown }>()

  /** As the hosts do: a path beside the module, or a package that 构建 npm left in a folder above it. */
  function find(asked: string, from: string): string {
    const bases = asked.startsWith('.') ? [join(dirname(from), asked)] : []
    const named = Object.entries(modules).find(([name]) => asked === name || asked.startsWith(`${name}/`))
    if (named) bases.push(join(resolve(named[1]), asked.slice(named[0].length)))
    if (bases.length === 0) {
      for (let folder = dirname(from); ; folder = dirname(folder)) {
        bases.push(join(folder, 'miniprogram_npm', asked))
        if (folder === dirname(folder)) break
      }
    }
    const file = bases
      .flatMap((base) => [base, `${base}.js`, join(base, 'index.js')])
      .find((file) => file.endsWith('.js') && existsSync(file))
    if (!file) throw primordials.error(`module '${asked}' is not defined, asked for by ${from}`)
    return file
  }

  function run(file: string): unknown {
    const known = loaded.get(file)
    if (known) return known.exports
    const module = primordials.parse('{"exports":{}}') as { exports: unknown }
    loaded.set(file, module)
    const code = evaluate(wrap(readFileSync(file, 'utf8')), file) as (...given: unknown[]) => void
    code((asked: string) => run(find(asked, file)), module, module.exports)
    return module.exports
  }

  return {
    define(globals, violate) {
      const given = { ...globals }
      guardMembers(given, '', violate)
      Object.defineProperties(primordials.global, Object.getOwnPropertyDescriptors(given))
    },
    run: (file) => run(resolve(file)),
    parse: primordials.parse,
    error: primordials.error,
    own: primordials.own,
    bytes: primordials.bytes,
    promise: primordials.promise,
  }
}
