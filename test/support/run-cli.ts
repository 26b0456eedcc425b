import { spawn } from 'node:child_process'
import { CLI } from './processes.ts'

export interface CliRun {
  /** Its exit code; null where a signal ended it. */
  code: number | null
  stdout: string
  stderr: string
}

/** Longer than any command that ends by itself may take. */
const TIMEOUT_MS = 30_000

/** Runs `warren …` to its end. */
export function runCli(args: readonly string[], environment: Record<string, string> = {}): Promise<CliRun> {
  // Nothing of this shell's own settings may reach what is tested.
  const child = spawn(process.execPath, [CLI, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  })
  const run: CliRun = { code: null, stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (run.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (run.stderr += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(Object.assign(run, { code })))
  })
}
