import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const harness = (name: string): string => readFileSync(join(import.meta.dirname, 'harness', name), 'utf8')

/**
 * One script for an engine that has nothing but the language: the host's fake, the built file in CommonJS's wrapper, and
 * a visit that ends by printing what came of it.
 *
 * @param prelude - makes `print`, `end(text)`, `setTimeout` and `clearTimeout` out of what the engine has
 */
export function engineProgram(built: string, prelude: string): string {
  return `${prelude}
${harness('fake-wx.js')}
var host = fakeWx({ randomBytes: (count) => Array.from({ length: count }, () => Math.floor(Math.random() * 256)) })
var wx = host.wx
var module = { exports: {} }
;(function (exports, module, require) {${built}
})(module.exports, module, function (name) { throw new Error('asked for ' + name) })
var warren = module.exports
${harness('play.js')}`
}
