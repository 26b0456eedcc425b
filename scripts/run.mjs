// Runs a command and passes its output and its end on. Shared by the scripts beside this one.
import { spawnSync } from 'node:child_process'

/** Runs one command line's words; ends this process with its exit code where it fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', ...options })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}
