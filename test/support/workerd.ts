import type { Readable } from 'node:stream'
import { type Json, Log, LogLevel, Miniflare, type WorkerOptions } from 'miniflare'
import { childPids, readProc } from './proc.ts'
import { workerBundle } from './worker-bundle.ts'

/** What the Workers are written for: no newer than the workerd that is installed. */
const COMPATIBILITY_DATE = '2026-07-01'

/** By this in its environment a workerd is known to be ours. */
const MARK = 'WARREN_WORKERD'

/** The path of a Worker's file, TypeScript or JavaScript, to be bundled; or its text as it shall run. */
type Code = { entry: string; script?: never } | { script: string; entry?: never }

export type TestWorker = Code & {
  /** Names the folder of its objects, and other Workers find it by it. Default `warren`. */
  name?: string
  bindings?: Record<string, Json>
  /** By binding: the class, with storage in SQLite; where it is another Worker's, with that one's name. */
  durableObjects?: Record<string, string | { className: string; scriptName: string }>
  /** By binding: the name of another Worker. */
  services?: Record<string, string>
  /** By binding: the name of a namespace, which Workers may share. */
  kvNamespaces?: Record<string, string>
}

export type WorkerdOptions = TestWorker & {
  /** A folder in which the objects' storage outlives this. Default: none does. */
  persist?: string
  /** Default: a free one. */
  port?: number
  /** Workers beside the one that answers at `url`. */
  workers?: readonly TestWorker[]
}

export interface Workerd {
  url: string
  /** Of the workerd that runs now. */
  pid(): number
  /**
   * Kills workerd with SIGKILL before this returns; miniflare starts another at once, on the same port and storage.
   * Resolves once that one takes requests.
   */
  kill(): Promise<void>
  /** Ends it; with a folder to persist in, its storage can be started anew. */
  dispose(): Promise<void>
  /** All that workerd has said, each life after the other. */
  output(): string
}

let started = 0

/** Starts the real workerd on loopback; its Workers reach nothing beyond it. */
export async function startWorkerd({ persist, port = 0, workers = [], ...main }: WorkerdOptions): Promise<Workerd> {
  const mark = `${process.pid}-${++started}`
  let output = ''
  let restarts: { done: () => void; failed: (error: Error) => void }[] = []
  const ended = () => {
    const all = restarts
    restarts = []
    return all
  }
  const keep = (stream: Readable) => stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const log = new Log(LogLevel.ERROR)
  log.error = (error) => {
    output += `${error.stack}\n`
    for (const { failed } of ended()) failed(error)
  }
  const miniflare = new Miniflare({
    cf: false,
    host: '127.0.0.1',
    port,
    log,
    handleRuntimeStdio: (stdout: Readable, stderr: Readable) => {
      keep(stdout)
      keep(stderr)
    },
    unsafeRuntimeEnv: { [MARK]: mark },
    unsafeHandleRuntimeRestart: () => {
      for (const { done } of ended()) done()
    },
    ...(persist === undefined ? {} : { durableObjectsPersist: persist }),
    workers: await Promise.all([main, ...workers].map(optionsOf)),
  })
  const url = await originOf(miniflare)
  let disposed: Promise<void> | undefined

  return {
    url,
    pid: () => childOf(mark),
    kill() {
      const pid = childOf(mark)
      const restarted = new Promise<void>((done, failed) => restarts.push({ done, failed }))
      process.kill(pid, 'SIGKILL')
      return restarted
    },
    dispose: () => (disposed ??= miniflare.dispose()),
    output: () => output,
  }
}

async function originOf(miniflare: Miniflare): Promise<string> {
  try {
    return (await miniflare.ready).origin
  } catch (error) {
    await miniflare.dispose()
    throw error
  }
}

async function optionsOf(worker: TestWorker): Promise<WorkerOptions> {
  const {
    name = 'warren',
    entry,
    script,
    bindings = {},
    durableObjects = {},
    services = {},
    kvNamespaces = {},
  } = worker
  return {
    name,
    modules: true,
    script: entry === undefined ? script : await workerBundle(entry),
    compatibilityDate: COMPATIBILITY_DATE,
    bindings,
    durableObjects: Object.fromEntries(
      Object.entries(durableObjects).map(([binding, object]) => [
        binding,
        typeof object === 'string' ? { className: object, useSQLite: true } : { ...object, useSQLite: true },
      ]),
    ),
    serviceBindings: services,
    kvNamespaces,
    outboundService: { network: { allow: ['local'] } },
  }
}

/** The child of this process that has this mark. */
function childOf(mark: string): number {
  const pid = childPids().find((child) => readProc(child, 'environ').split('\0').includes(`${MARK}=${mark}`))
  if (pid === undefined) throw new Error('workerd does not run')
  return Number(pid)
}
