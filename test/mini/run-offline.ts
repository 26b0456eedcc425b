import { spawnSync } from 'node:child_process'

/** Builders ask home, or would: they run without a network where the system lets us. */
const canUnshare = spawnSync('unshare', ['-rn', 'true']).status === 0

/** Runs a script in Node to its end; throws with what it said where it fails. */
export function runOffline(script: string, args: string[], options: { cwd?: string; env?: object } = {}): void {
  const [command, before] = canUnshare ? ['unshare', ['-rn', process.execPath]] : [process.execPath, []]
  const { status, stdout, stderr } = spawnSync(command, [...before, script, ...args], {
    encoding: 'utf8',
    timeout: 100_000,
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
  })
  if (status !== 0) throw new Error(`${script} ended with ${status}:\n${stdout}\n${stderr}`)
}
