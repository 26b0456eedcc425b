import { cliHome, type CliHome } from './cli-home.ts'

/** The Node that the tests themselves run on. */
export const node: CliHome = cliHome({ name: 'node', command: () => [process.execPath] })
