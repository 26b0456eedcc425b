import { defineConfig } from 'vitest/config'
import { debianBrowser } from './test/support/debian-browser.ts'

/** Sources are tested as they stand: the condition leads every workspace import to `src`. */
const conditions = ['@warren/source', 'module', 'browser', 'development|production']
const resolve = { conditions }
const ssr = { resolve: { conditions: ['@warren/source', 'module', 'node', 'development|production'] } }

export default defineConfig({
  test: {
    projects: [
      {
        ssr,
        test: {
          name: 'node',
          include: ['packages/*/src/**/*.test.ts', 'test/*.test.ts'],
          exclude: ['packages/tracker/src/{web,plugins}/**', '**/*.browser.test.ts', '**/node_modules/**'],
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'dom',
          environment: 'happy-dom',
          include: ['packages/tracker/src/{web,plugins}/**/*.test.ts'],
          exclude: ['**/*.browser.test.ts', '**/node_modules/**'],
        },
      },
      {
        resolve,
        optimizeDeps: { include: ['idb-keyval'] },
        test: {
          name: 'browser',
          root: 'packages/tracker',
          include: ['src/**/*.browser.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: debianBrowser,
            instances: [{ browser: 'chrome' }, { browser: 'firefox' }, { browser: 'webkit' }],
          },
        },
      },
      {
        ssr,
        test: {
          name: 'collector',
          include: ['test/collector/**/*.test.ts'],
          testTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        ssr,
        test: {
          name: 'e2e',
          include: ['test/e2e/*.test.ts', 'test/e2e/pages/*.test.ts'],
          testTimeout: 60_000,
          fileParallelism: false,
          // Pages side by side: nearly all of their time is waiting.
          maxConcurrency: 16,
        },
      },
      {
        ssr,
        // The engines side by side, and in each a few visitors: nearly all of their time is waiting.
        test: {
          name: 'engines',
          include: ['test/e2e/engines/*.test.ts'],
          hookTimeout: 60_000,
          maxWorkers: 3,
          maxConcurrency: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ssr,
        // Real runtimes: Node, workerd, Deno and Bun.
        test: {
          name: 'runtimes',
          include: ['test/runtimes/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Two files at a time: nearly all of their time is waiting.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ssr,
        test: {
          name: 'mini',
          include: ['test/mini/**/*.test.ts'],
          exclude: ['test/mini-tools/**', '**/node_modules/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
