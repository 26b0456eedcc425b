import { fork, spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { startCli, type CliProcess } from '../support/processes.ts'
import type { LoadOrder, LoadResult } from './collector-load.ts'
import type { UpstreamCall } from './collector-upstream.ts'

/** The processes of the collector's bench: each its own, as in life. */

export const SOURCE = 'shop'
export const ORIGIN = 'https://shop.example'

/**
 * `warren serve` on this database, with one web source, and an upstream at `baseUrl`; the destination `gone` is one that
 * is not there.
 */
export function startBenchCollector(database: string, baseUrl: string): Promise<CliProcess> {
  const config = {
    credentials: { main: { token: { variable: 'TOKEN' } } },
    destinations: {
      default: { credentials: 'main', baseUrl },
      gone: { credentials: 'main', baseUrl, batchAddPath: '/gone' },
    },
    sources: { [SOURCE]: { kind: 'web', origins: [ORIGIN] } },
  }
  return startCli(['serve', '--port', '0', '--db', database], { WARREN_CONFIG: JSON.stringify(config), TOKEN: 'bench' })
}

/** The app that keeps nothing; see `collector-baseline.ts`. */
export async function startBaseline(): Promise<{ url: string; end: () => Promise<void> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'collector-baseline.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await new Promise<string>((listening, failed) => {
    child.stdout.once('data', (line: Buffer) => listening((JSON.parse(line.toString()) as { url: string }).url))
    child.once('exit', (code) => failed(new Error(`the baseline ended with ${code}`)))
  })
  return { url, end: () => endOf(child) }
}

export interface BenchUpstream {
  url: string
  /** What has come since this was last asked. */
  calls(): Promise<UpstreamCall[]>
  end(): Promise<void>
}

/** The platform of `collector-upstream.ts`. */
export async function startUpstream(): Promise<BenchUpstream> {
  const child = fork(join(import.meta.dirname, 'collector-upstream.ts'))
  const next = <Message>() =>
    new Promise<Message>((done) => child.once('message', (message) => done(message as Message)))
  const { url } = await next<{ url: string }>()
  return {
    url,
    async calls() {
      child.send('calls')
      return (await next<{ calls: UpstreamCall[] }>()).calls
    },
    end: () => endOf(child),
  }
}

/** A process that loads servers, one after the other. */
export function startLoad(): { run: (order: LoadOrder) => Promise<LoadResult>; end: () => Promise<void> } {
  const child = fork(join(import.meta.dirname, 'collector-load.ts'))
  return {
    run: (order) =>
      new Promise((done, failed) => {
        const ended = (code: number | null) => failed(new Error(`the load ended with ${code}`))
        child.once('exit', ended)
        child.once('message', (result: LoadResult) => {
          child.off('exit', ended)
          done(result)
        })
        child.send(order)
      }),
    end: () => endOf(child),
  }
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((exit) => child.once('exit', exit))
  child.kill('SIGTERM')
  await ended
}
