import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeTelemetry, readSettings, startCollector, SettingsError } from '@warren/collector/node'
import { createSandbox } from '@warren/rabbitpre/sandbox'
import { scripts } from '@warren/tracker/scripts'
import { checkDemo } from './demo-check.ts'
import { shopPage } from './demo-page.ts'
import { listen, type Listening } from './listen.ts'
import { onStopSignal } from './stop-signal.ts'

export interface DemoFlags {
  check?: boolean
  sandboxToken?: string
}

/** What the collector is given; the sandbox expects the same unless told otherwise. */
const TOKEN = 'demo-token'

/** The ports that the READMEs name; any free ones where they are taken. */
const PORTS = { page: 8786, collector: 8787, sandbox: 8788 }

/** How often the demo looks whether whoever started it is still there. */
const PARENT_LOOK_MS = 1000

/** `warren demo`: sandbox, collector and shop page, each on an origin of its own, until stopped; or `--check`. */
export async function demo(flags: DemoFlags): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'warren-demo-'))
  const opened: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  const close = async (): Promise<void> => {
    for (const end of opened.splice(0).toReversed()) await end()
  }
  try {
    const sandbox = await listenNear(createSandbox({ token: flags.sandboxToken ?? TOKEN }), PORTS.sandbox)
    opened.push(sandbox.close)
    const environment = {
      RABBITPRE_TOKEN: TOKEN,
      RABBITPRE_BASE_URL: sandbox.url,
      RABBITPRE_PUBLIC_PARAMS: JSON.stringify({
        isMatching: true,
        matchingType: 1,
        accurateMatchType: 'gzh',
        accurateMatchValue: 'wxzj983hhg02ujd',
      }),
    }
    const collector = await startNear(PORTS.collector, join(folder, 'warren.db'), environment)
    opened.push(collector.stop)
    const page = await listenNear(await shopPage({ collector: collector.url, sandbox: sandbox.url }), PORTS.page)
    opened.push(page.close)

    if (flags.check) {
      const isWell = await checkDemo({ page: page.url, collector: collector.url, sandbox: sandbox.url })
      process.exitCode = isWell ? 0 : 1
      return await close()
    }
    console.log(`shop page   ${page.url}/   (open this one)`)
    console.log(`collector   ${collector.url}/readyz`)
    console.log(`sandbox     ${sandbox.url}/_sandbox/events`)
    console.log('Ctrl+C ends all three.')
    stayUp(close)
  } catch (error) {
    await close()
    throw error
  }
}

/** Ends with a signal, or when whoever started the demo is gone: npx passes no signal on. */
function stayUp(close: () => Promise<void>): void {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid !== parent) void end()
  }, PARENT_LOOK_MS)
  const end = async (): Promise<void> => {
    clearInterval(watch)
    await close()
  }
  onStopSignal(end)
}

/** On the port that the READMEs name, or on any free one where that is taken. */
async function near<Result>(port: number, start: (port: number) => Promise<Result>): Promise<Result> {
  try {
    return await start(port)
  } catch (error) {
    if (error instanceof SettingsError) return start(0)
    throw error
  }
}

function listenNear(app: Parameters<typeof listen>[0], port: number): Promise<Listening> {
  return near(port, (free) => listen(app, free))
}

function startNear(port: number, db: string, environment: Record<string, string>): ReturnType<typeof startCollector> {
  return near(port, (free) =>
    startCollector({
      settings: readSettings({ port: String(free), db, config: '{}' }, environment),
      environment,
      scripts,
      telemetry: nodeTelemetry({ level: 'error' }),
    }),
  )
}
