import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** The built command line: what users run. */
export const CLI: string = resolve(import.meta.dirname, '../../packages/cli/dist/cli.js')

export interface CliProcess {
  /** The address it says it listens on. */
  url: string
  pid: number
  child: ChildProcess
  /** All it has written to both its outputs. */
  output(): string
  /** Sends a signal to this process alone and waits for its end; gives its exit code, null after a kill. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

/** Starts `warren …` as a process of its own and waits until it listens. */
export function startCli(
  args: string[],
  environment: Record<string, string> = {},
  wrapper: string[] = [],
): Promise<CliProcess> {
  return startListening([...wrapper, process.execPath, CLI, ...args], { environment })
}

/** Starts a server as a process of its own and waits until it says where it listens. */
export async function startListening(
  [command = '', ...args]: string[],
  { environment = {}, folder }: { environment?: Record<string, string>; folder?: string } = {},
): Promise<CliProcess> {
  // Nothing of this shell's own settings may reach what is tested.
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(folder === undefined ? {} : { cwd: folder }),
  })
  let output = ''
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)))
  const url = await new Promise<string>((listening, failed) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const found =
        /listens(?: on |".*?"url":"|[^\n]*?"url":")(http:\/\/[\d.]+:\d+)|"url":"(http:\/\/[\d.]+:\d+)"/.exec(output)
      if (found) listening(found[1] ?? found[2] ?? '')
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('error', failed)
    child.once('exit', (code) => failed(new Error(`${[command, ...args].join(' ')} ended with ${code}:\n${output}`)))
  })
  if (child.pid === undefined) throw new Error('no process')
  return {
    url,
    pid: child.pid,
    child,
    output: () => output,
    async end(signal) {
      child.kill(signal)
      return exited
    },
  }
}

/** A fresh folder, and its removal. */
export function freshFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'warren-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
