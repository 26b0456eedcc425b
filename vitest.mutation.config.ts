import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** StrykerJS runs this in a copy of the tree: the current folder is the copy, and there is one of them a worker. */
const packages = join(process.cwd(), 'packages')

/**
 * What `pnpm test:mutation` runs: the tests of the rooms that it changes. The copy's `node_modules` lead back to the
 * original tree, so the workspace's own packages are named here: else a mutant of one package would never be met by
 * the tests of another, and live.
 */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^@warren\/(protocol|rabbitpre)$/, replacement: join(packages, '$1/src/index.ts') },
      { find: /^@warren\/rabbitpre\/sandbox$/, replacement: join(packages, 'rabbitpre/src/sandbox/index.ts') },
      { find: /^@warren\/(protocol|rabbitpre)\/([\w-]+)$/, replacement: join(packages, '$1/src/$2.ts') },
    ],
  },
  test: {
    // StrykerJS ends what hangs; a first run beside other work must not fail for being slow.
    testTimeout: 30_000,
    include: [
      'packages/collector/src/{cloudflare,direct,forward,queue}/**/*.test.ts',
      'packages/collector/src/within.test.ts',
      'packages/tracker/src/core/*.test.ts',
      'packages/rabbitpre/src/{app-token,client,renewal,sealed,token}*.test.ts',
    ],
  },
})
