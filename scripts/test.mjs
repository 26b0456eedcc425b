// `pnpm test` and its parts: system packages, build, then vitest. Prints what each part took; the last line counts.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { run } from './run.mjs'

/** What each part runs; see vitest.config.ts for where its tests are. */
const PARTS = {
  unit: ['node', 'dom'],
  collector: ['collector'],
  mini: ['mini'],
  browsers: ['browser', 'e2e'],
  engines: ['engines'],
  runtimes: ['runtimes'],
}

const all = process.argv.slice(2).filter((argument) => argument !== '--')
const asked = all.filter((argument) => argument !== '--all')
/** `--all`: also what is too heavy for every change. */
const isAll = asked.length < all.length
const parts = asked.length > 0 ? asked : Object.keys(PARTS)
const unknown = parts.filter((part) => !Object.hasOwn(PARTS, part))
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`)
  process.exit(2)
}

const took = []
function timed(name, work) {
  const startedAt = Date.now()
  const result = work()
  took.push(`${name} ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
  return result
}

timed('system packages', () => run('sh', ['scripts/system-deps']))
timed('build', () => run('pnpm', ['--silent', 'build']))
if (parts.includes('mini')) {
  const folders = ['test/mini-tools', 'test/mini-tools/builders', ...(isAll ? ['test/mini-tools/taro'] : [])]
  timed('mini tools', () => run('node', ['scripts/mini-tools.mjs', ...folders]))
}

rmSync('test-results', { recursive: true, force: true })
mkdirSync('test-results')
let passed = 0
let failed = 0
for (const part of parts) {
  const file = `test-results/${part}.json`
  const projects = PARTS[part].flatMap((project) => ['--project', project])
  const strict = ['--allowOnly=false', '--passWithNoTests=false']
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const { status } = timed(part, () =>
    spawnSync('pnpm', ['--silent', 'exec', 'vitest', 'run', ...projects, ...strict, ...reporters], {
      stdio: 'inherit',
      env: { ...process.env, ...(isAll && { WARREN_TEST_ALL: '1' }) },
    }),
  )
  const counts = readCounts(file)
  passed += counts.passed
  failed += counts.failed
  // A part that ends badly without a failed test (a crash, an unhandled error), or runs none, is a failure of its own.
  if ((status !== 0 && counts.failed === 0) || counts.passed === 0) failed++
}
console.log(`took: ${took.join(' · ')}`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)

function readCounts(file) {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(file, 'utf8'))
    return { passed: numPassedTests, failed: numFailedTests }
  } catch {
    // vitest ended before it could write; its exit code says so.
    return { passed: 0, failed: 0 }
  }
}
