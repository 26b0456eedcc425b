import { readSettings, startCollector, type Environment, type ServeFlags } from '@warren/collector/node'
import { scripts } from '@warren/tracker/scripts'
import { onStopSignal } from './stop-signal.ts'

/** `warren serve`: the collector until SIGTERM or SIGINT, then an orderly end with exit code 0. SIGHUP looks at the files of credentials. */
export async function serve(flags: ServeFlags, environment: Environment): Promise<void> {
  const settings = readSettings(flags, environment)
  const running = await startCollector({ settings, environment, scripts })
  onStopSignal(() => running.stop())
  process.on('SIGHUP', () => void running.look())
}
