// `pnpm test:mutation [--again] [part of a path …]`: changes the code of the rooms that must not lose an event, one small
// change at a time, and says which changes no test noticed. Not for CI: all of it takes an hour or two. The last line is
// the score of the files asked for; under 85 % it ends with 1. `--again` takes what an earlier run found where neither
// the changed line nor its tests have changed since; of other files that tests use it knows nothing.
import { globSync } from 'node:fs'
import { relative } from 'node:path'
import { Stryker } from '@stryker-mutator/core'

const ROOMS = ['queue', 'forward', 'direct'].map((room) => `packages/collector/src/${room}/*.ts`)
/** The others of its room are held by tests in workerd, which has no mutants. */
const CLOUDFLARE = [
  'alarm-clock',
  'few-at-once',
  'object-dead-letters',
  'object-sink',
  'remote-token',
  'source-objects',
]
const TRACKER = ['adoption', 'batch', 'chunk', 'hold', 'ladder', 'outbox', 'sender', 'visitor']
const TOKENS = ['app-token', 'held-token', 'renewal-watch', 'sealed-keep', 'token-file', 'token-keep', 'token-source']
/** In percent. */
const LEAST_SCORE = 85
/** The shared suite of the queues is a test, though it is not called one. */
const isTest = (file) => file.endsWith('.test.ts') || file.endsWith('/conformance.ts')

const given = process.argv.slice(2).filter((argument) => argument !== '--')
const isAgain = given.includes('--again')
const asked = given.filter((argument) => argument !== '--again')
const SINGLE = [
  'packages/collector/src/within.ts',
  ...CLOUDFLARE.map((name) => `packages/collector/src/cloudflare/${name}.ts`),
  ...TOKENS.map((name) => `packages/rabbitpre/src/${name}.ts`),
  ...TRACKER.map((name) => `packages/tracker/src/core/${name}.ts`),
]
const files = [...globSync(ROOMS), ...SINGLE]
  .filter((file) => !isTest(file))
  .filter((file) => asked.length === 0 || asked.some((part) => file.includes(part)))
  .toSorted()
if (files.length === 0) {
  console.error(
    `no file to change has ${asked.join(' or ')} in its path; there are ${[...ROOMS, ...SINGLE].join(', ')}`,
  )
  process.exit(2)
}

const results = await new Stryker({ mutate: files, incremental: true, force: !isAgain }).runMutationTest()
// With them come those that are kept from earlier runs, of whatever files these had.
const fresh = results.filter(({ fileName }) => files.includes(relative('.', fileName)))
const count = (...statuses) => fresh.filter(({ status }) => statuses.includes(status)).length
const noticed = count('Killed', 'Timeout')
const all = noticed + count('Survived', 'NoCoverage')
// Without a change there is nothing that a test has shown.
const score = all === 0 ? 0 : Math.floor((noticed * 1000) / all) / 10
console.log(`${noticed} of ${all} changes noticed: mutation score ${score} %`)
process.exitCode = score < LEAST_SCORE ? 1 : 0
