// `pnpm demo`: builds, then runs the demo of the cli with the arguments given.
import { spawn } from 'node:child_process'
import { run } from './run.mjs'

const args = process.argv.slice(2).filter((argument) => argument !== '--')
if (args.includes('--check')) run('sh', ['scripts/system-deps', 'chromium'])
run('pnpm', ['--silent', 'build'])

const demo = spawn(process.execPath, ['packages/cli/dist/cli.js', 'demo', ...args], { stdio: 'inherit' })
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => demo.kill(signal))
demo.on('exit', (code) => process.exit(code ?? 1))
