import { createRequire } from 'node:module'
import { join } from 'node:path'
import { cliHome, type CliHome } from './cli-home.ts'

const require = createRequire(import.meta.url)

/** Deno's own binary: the package's command is a script for Node that starts it, and hands no signal on. */
export function denoBinary(): string {
  const { runInstall } = require('deno/install_api.cjs') as { runInstall(): string }
  return runInstall()
}

/** What keeps Deno to what is installed here, and its caches in a folder. */
export const denoVariables = (folder: string): Record<string, string> => ({
  DENO_DIR: join(folder, 'deno-cache'),
  DENO_NO_UPDATE_CHECK: '1',
})

export const deno: CliHome = cliHome({
  name: 'deno',
  command: () => [denoBinary(), 'run', '--allow-all', '--no-remote', '--node-modules-dir=manual'],
  variables: denoVariables,
})
