// `pnpm check`: everything that can be said of the code without running it. Prints what each step took.
import { run } from './run.mjs'

/** What would be deployed, and how large that is, with the tracker's scripts. Nothing leaves this machine. */
const DEPLOY = ['wrangler', 'deploy', '--dry-run', '--outdir', '../../build/worker']

const PUBLISHED = ['protocol', 'rabbitpre', 'tracker', 'collector', 'cli']

const steps = [
  ['build', ['pnpm', '--silent', 'build']],
  ['types of tests', ['tsc', '-p', 'tsconfig.tests.json']],
  ['lint', ['oxlint', '--deny-warnings']],
  ['format', ['oxfmt', '--check']],
  ['sizes', ['node', 'scripts/size.mjs']],
  ['example Worker', ['pnpm', '--silent', '--filter', '@warren/example-cloudflare-worker', 'exec', ...DEPLOY]],
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

// Wrangler asks the network for nothing then: with its banner it would look for a newer one.
const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' }

const took = []
for (const [name, [command, ...args]] of steps) {
  const startedAt = Date.now()
  console.log(`• ${name}`)
  run(command, args, { env })
  took.push(`${name} ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
}
console.log(`took: ${took.join(' · ')}`)
