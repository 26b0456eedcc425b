import { bun } from './bun.ts'
import type { CliHome } from './cli-home.ts'
import { deno } from './deno.ts'
import type { Home } from './home.ts'
import { node } from './node.ts'

/** The homes that run the built command line, each with a database in a file. */
export const cliHomes: readonly CliHome[] = [node, deno, bun]

/** Every home of the collector. A new one (workerd) is one file beside these, and its name here. */
export const homes: readonly Home[] = [...cliHomes]
