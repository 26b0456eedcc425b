import { join } from 'node:path'
import { CLI, startListening, type CliProcess } from '../processes.ts'
import type { Home, HomeOptions } from './home.ts'

/** A runtime that runs the built command line as it stands. */
export interface CliRuntime {
  name: Home['name']
  /** The runtime's own binary, not a script that starts it: a signal must reach the process that holds the state. */
  command(): string[]
  /** What the runtime itself is told: where it may keep its caches, for one. */
  variables?(folder: string): Record<string, string>
}

/** The home of such a runtime, with the process for tests of signals and outputs. */
export interface CliHome extends Home {
  /** @param wrapper a command that runs the runtime, such as strace. */
  spawn(options: HomeOptions, wrapper?: string[]): Promise<CliProcess>
}

/** `warren serve` on a runtime, with its database in the folder of its state. */
export function cliHome({ name, command, variables }: CliRuntime): CliHome {
  function spawn(
    { folder, config, variables: given = {}, port = 0 }: HomeOptions,
    wrapper: string[] = [],
  ): Promise<CliProcess> {
    const args = ['serve', '--port', String(port), '--db', databaseOf(folder)]
    return startListening([...wrapper, ...command(), CLI, ...args], {
      // The state's folder, so that no file of the repository's is taken for the collector's.
      folder,
      environment: { WARREN_CONFIG: JSON.stringify(config), ...variables?.(folder), ...given },
    })
  }

  return {
    name,
    spawn,
    async start(options) {
      const { url, end, output } = await spawn(options)
      return {
        url,
        output,
        async stop() {
          const code = await end('SIGTERM')
          if (code !== 0) throw new Error(`the collector on ${name} ended with ${code}:\n${output()}`)
        },
        kill: async () => void (await end('SIGKILL')),
      }
    },
  }
}

/** The database of a home that keeps one in its folder. */
export const databaseOf = (folder: string): string => join(folder, 'warren.db')
