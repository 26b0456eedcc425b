import { existsSync, statSync } from 'node:fs'
import { backupDatabase, readDatabasePath, SettingsError, type Environment } from '@warren/collector/node'

/** `warren backup`: copies the collector's database into a new file, also while the collector is at work. */
export async function backup(to: string, flags: { db?: string }, environment: Environment): Promise<void> {
  const from = readDatabasePath(flags, environment)
  if (!existsSync(from)) throw new SettingsError(`--db/WARREN_DB: there is no database ${from}`)
  const startedAt = performance.now()
  await backupDatabase(from, to).catch((error: unknown) => {
    throw new SettingsError(`no backup was made: ${error instanceof Error ? error.message : String(error)}`)
  })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`${to} holds ${from}: ${statSync(to).size} bytes, in ${seconds} s`)
}
