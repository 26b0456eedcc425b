// `pnpm check`: everything that can be said of the code without running it. Prints what each step took.
import { run } from './run.mjs'

const PUBLISHED = ['protocol', 'rabbitpre', 'tracker', 'collector', 'cli']

const steps = [
  ['build', ['pnpm', '--silent', 'build']],
  ['types of tests', ['tsc', '-p', 'tsconfig.tests.json']],
  ['lint', ['oxlint', '--deny-warnings']],
  ['format', ['oxfmt', '--check']],
  ['sizes', ['node', 'scripts/size.mjs']],
  ...PUBLISHED.map((name) => [`publint ${name}`, ['publint', '--strict', `packages/${name}`]]),
  // The command line has no types to offer; the tracker may be required, the others are ESM alone.
  [
    'attw tracker',
    [
      'attw',
      '--pack',
      'packages/tracker',
      '--quiet',
      '--profile',
      'node16',
      '--exclude-entrypoints',
      // For collectors, which are ESM.
      './scripts',
      './warren.js',
      './warren.full.js',
      './warren.debug.js',
    ],
  ],
  ...['protocol', 'rabbitpre', 'collector'].map((name) => [
    `attw ${name}`,
    [
      'attw',
      '--pack',
      `packages/${name}`,
      '--profile',
      'esm-only',
      '--exclude-entrypoints',
      './warren.config.schema.json',
    ],
  ]),
]

const took = []
for (const [name, [command, ...args]] of steps) {
  const startedAt = Date.now()
  console.log(`• ${name}`)
  run(command, args)
  took.push(`${name} ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
}
console.log(`took: ${took.join(' · ')}`)
