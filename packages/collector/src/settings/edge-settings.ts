import { configSchema, type Config } from '../config.ts'
import type { SourceRules } from '../sources.ts'
import { readAdminToken } from './admin-token.ts'
import { completeConfig } from './complete-config.ts'
import { readEdgeCredentials, type EdgeCredentials } from './edge-credentials.ts'
import type { Environment } from './environment.ts'
import { checkConfig, parseConfig } from './parse-config.ts'
import { readSources } from './read-sources.ts'
import { variableSecrets } from './secret-variable.ts'
import { SettingsError } from './settings-error.ts'

/** What a collector without files is told: by variables and secrets alone. */
export interface EdgeSettings {
  config: Config
  /** The rules of each source, by its id. */
  sources: ReadonlyMap<string, SourceRules>
  /** By their names. */
  credentials: ReadonlyMap<string, EdgeCredentials>
  adminToken: string | undefined
}

/**
 * Reads what `warren serve` reads, where there are no flags and no files: `WARREN_CONFIG` is the JSON itself (as text,
 * or as a value where the runtime parses it), and every secret stands in a variable.
 * @param bindings the runtime's environment; what in it is no text is no variable.
 * @throws {SettingsError} with one line for every mistake that it finds; also where no source is configured, since
 * an edge is open to the whole world.
 */
export function readEdgeSettings(bindings: Readonly<Record<string, unknown>>): EdgeSettings {
  const environment: Environment = Object.fromEntries(
    Object.entries(bindings).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  )
  const config = readConfig(bindings['WARREN_CONFIG'])
  completeConfig(config, environment)
  if (Object.keys(config.sources).length === 0) {
    throw new SettingsError(
      'WARREN_CONFIG: no sources are configured, and here anyone could send events: set it to JSON with sources, ' +
        'for example {"sources":{"shop":{"kind":"web","origins":["https://shop.example"]}}}',
    )
  }
  const readSecret = variableSecrets(environment)
  return {
    config,
    sources: readSources(config, readSecret),
    credentials: readEdgeCredentials(config, readSecret),
    adminToken: readAdminToken(environment),
  }
}

function readConfig(given: unknown): Config {
  if (given === undefined || given === '') return configSchema.parse({})
  return typeof given === 'string' ? parseConfig(given, 'WARREN_CONFIG') : checkConfig(given)
}
