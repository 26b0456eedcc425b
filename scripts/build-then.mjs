// Builds, then runs what is asked for: for commands that measure or use the built files.
import { run } from './run.mjs'

run('pnpm', ['--silent', 'build'])
const [command, ...args] = process.argv.slice(2)
run(command, args)
