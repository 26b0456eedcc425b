import { bun } from './bun.ts'
import type { CliHome } from './cli-home.ts'
import { deno } from './deno.ts'
import type { Home } from './home.ts'
import { node } from './node.ts'
import { workerd } from './workerd.ts'

/** The homes that run the built command line, each with a database in a file. */
export const cliHomes: readonly CliHome[] = [node, deno, bun]

/** Every home of the collector. */
export const homes: readonly Home[] = [...cliHomes, workerd]
