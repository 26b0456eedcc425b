import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'

/** A package that has installed the tracker, so that its name resolves as it does for users: to the build. */
const HOST = resolve(import.meta.dirname, '../packages/cli')

/** What a CommonJS program of a server does with the tracker, told in JSON. */
const PROGRAM = `
  const required = require('@warren/tracker')
  const tracker = required.createTracker({ endpoint: 'https://c.example', source: 'shop' })
  tracker.track('c_buy', { c_price: 1420 })
  tracker.identify({ uid: 'u1' })
  tracker.on('sent', () => {})()
  tracker.reset()
  void tracker.stored()
  tracker.flush().then(async (flushed) => {
    const { tracked, waiting, storage } = tracker.health()
    await tracker.close()
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const file = require.resolve('@warren/tracker')
    console.log(JSON.stringify({ file, names: Object.keys(required), flushed, tracked, waiting, storage, timers }))
  })`

it('is CommonJS to require(), and on a server keeps nothing, starts nothing and throws nothing', () => {
  // Modules may not be required here, as on older Nodes: only CommonJS passes.
  const args = ['--no-experimental-require-module', '--input-type=commonjs', '-e', PROGRAM]
  const env = { PATH: process.env['PATH'] ?? '' }
  const told = execFileSync(process.execPath, args, { cwd: HOST, env, encoding: 'utf8', timeout: 20_000 })
  expect(JSON.parse(told)).toEqual({
    file: resolve(HOST, '../tracker/dist/index.cjs'),
    names: ['createTracker'],
    flushed: { sent: 0, pending: 0 },
    tracked: 0,
    waiting: 0,
    storage: 'none',
    timers: 0,
  })
})

it.each([
  ['page-context', 'pageContext'],
  ['gzip', 'gzip'],
  ['privacy-signals', 'privacySignals'],
])('has its plugin %s beside it, to require() and to import, and on a server it is none', (name, factory) => {
  const program = `
    const { createTracker } = require('@warren/tracker')
    const required = require('@warren/tracker/plugins/${name}')
    import('@warren/tracker/plugins/${name}').then(async (imported) => {
      for (const { ${factory} } of [required, imported])
        await createTracker({ endpoint: 'https://c.example', source: 'shop', plugins: [${factory}()] }).close()
      const file = require.resolve('@warren/tracker/plugins/${name}')
      console.log(JSON.stringify([file, Object.keys(required), Object.keys(imported)]))
    })`
  const args = ['--no-experimental-require-module', '--input-type=commonjs', '-e', program]
  const env = { PATH: process.env['PATH'] ?? '' }
  const told = execFileSync(process.execPath, args, { cwd: HOST, env, encoding: 'utf8', timeout: 20_000 })
  expect(JSON.parse(told)).toEqual([resolve(HOST, `../tracker/dist/plugins/${name}.cjs`), [factory], [factory]])
})
