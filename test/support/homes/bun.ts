import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { cliHome, type CliHome } from './cli-home.ts'

const require = createRequire(import.meta.url)

/** Bun's own binary, which bears this name on every system. */
export const bunBinary = (): string => join(dirname(require.resolve('bun/package.json')), 'bin/bun.exe')

/** Keeps Bun's caches in a folder. */
export const bunVariables = (folder: string): Record<string, string> => ({
  BUN_RUNTIME_TRANSPILER_CACHE_PATH: join(folder, 'bun-cache'),
  DO_NOT_TRACK: '1',
})

export const bun: CliHome = cliHome({
  name: 'bun',
  command: () => [bunBinary(), 'run'],
  variables: bunVariables,
})
