// Mutation testing of what must not lose an event: see scripts/mutate.mjs, which names the files.
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutation.config.ts', related: true },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 5000,
  timeoutFactor: 2,
  // scripts/mutate.mjs ends with 1 where the score is too low: here results of earlier runs would count too.
  thresholds: { high: 95, low: 85, break: null },
  reporters: ['progress-append-only', 'clear-text', 'json'],
  jsonReporter: { fileName: 'build/mutation/report.json' },
  clearTextReporter: { allowColor: false, allowEmojis: false, reportTests: false, reportScoreTable: true },
  incrementalFile: 'build/mutation/again.json',
  tempDirName: 'build/mutation/copy',
  ignorePatterns: ['build', '**/dist', 'test-results', 'examples', 'docs', 'test'],
  // It would rewrite these with the compiler's JS interface, which TypeScript 7 does not have.
  tsconfigFile: 'none',
}
