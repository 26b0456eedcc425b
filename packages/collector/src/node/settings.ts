import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { configSchema, type Config, type SecretReference } from '../config.ts'
import { completeConfig } from '../settings/complete-config.ts'
import type { Environment } from '../settings/environment.ts'
import { parseConfig } from '../settings/parse-config.ts'
import { readVariable } from '../settings/secret-variable.ts'
import { SettingsError } from '../settings/settings-error.ts'

/** What `serve` is told on its command line; each beats its variable, which beats the file. */
export interface ServeFlags {
  port?: string
  host?: string
  db?: string
  queue?: string
  config?: string
}

export interface Settings {
  port: number
  host: string
  /** `none`: direct mode, see `direct/direct-sink.ts`. */
  queue: { kind: 'sqlite'; path: string } | { kind: 'memory' } | { kind: 'none' }
  config: Config
  /** No sources are configured: one open source, on loopback alone. */
  isOpen: boolean
}

/** Read where no configuration is given; it may be missing. */
const DEFAULT_CONFIG = 'warren.config.json'

/**
 * Puts flags, variables and the configuration file together; an empty variable counts as unset.
 * @throws {SettingsError} with one line for every mistake that it finds.
 */
export function readSettings(flags: ServeFlags, environment: Environment): Settings {
  const variable = (name: string) => environment[name] || undefined
  const config =
    flags.config === undefined
      ? readConfig(variable('WARREN_CONFIG'), 'WARREN_CONFIG')
      : readConfig(flags.config, '--config')
  completeConfig(config, environment)

  const host = flags.host ?? variable('HOST') ?? '127.0.0.1'
  const isOpen = Object.keys(config.sources).length === 0
  if (isOpen && !isLoopback(host)) {
    throw new SettingsError(
      `on ${host} anyone could send events, and no sources are configured: write sources into the configuration ` +
        '(for example {"sources":{"shop":{"kind":"web","origins":["https://shop.example"]}}}), or serve on 127.0.0.1',
    )
  }
  if (isOpen && !Object.hasOwn(config.destinations, 'default')) {
    throw new SettingsError(
      'without sources events go to the destination "default", and there is none: write sources into the configuration',
    )
  }
  return {
    port: readPort(flags.port ?? variable('PORT') ?? '8787', flags.port === undefined ? 'PORT' : '--port'),
    host,
    queue: readQueue(flags.queue ?? variable('WARREN_QUEUE') ?? 'sqlite:', readDatabasePath(flags, environment)),
    config,
    isOpen,
  }
}

/** Where the database is: `--db`, else `WARREN_DB`, else `./warren.db`. */
export function readDatabasePath(flags: Pick<ServeFlags, 'db'>, environment: Environment): string {
  return flags.db ?? (environment['WARREN_DB'] || './warren.db')
}

/** The secret that a reference names, read once: those that are watched in their files have sources of their own. */
export function readSecret(reference: SecretReference, environment: Environment, where: string): string {
  if ('variable' in reference) return readVariable(reference.variable, environment, where)
  let value: string
  try {
    value = readFileSync(reference.file, 'utf8').trim()
  } catch {
    throw new SettingsError(`${where}: the file ${reference.file} cannot be read`)
  }
  if (value === '') throw new SettingsError(`${where}: the file ${reference.file} is empty`)
  return value
}

function readConfig(given: string | undefined, givenBy: string): Config {
  const origin = given === undefined ? DEFAULT_CONFIG : givenBy
  if (given === undefined && !existsSync(DEFAULT_CONFIG)) return configSchema.parse({})
  const isText = given?.trimStart().startsWith('{') ?? false
  return parseConfig(given !== undefined && isText ? given : readFile(given ?? DEFAULT_CONFIG, origin), origin)
}

function readFile(path: string, origin: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new SettingsError(`${origin}: cannot read ${resolve(path)}`)
  }
}

function readPort(text: string, origin: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new SettingsError(`${origin}: ${text} is no port; give a number from 0 (any free one) to 65535`)
}

function readQueue(queue: string, db: string): Settings['queue'] {
  if (queue === 'sqlite:' || queue === 'sqlite') return { kind: 'sqlite', path: db }
  if (queue === 'memory:' || queue === 'memory') return { kind: 'memory' }
  if (queue === 'none') return { kind: 'none' }
  throw new SettingsError(
    // Of an address, its scheme alone: the rest may hold a password.
    `--queue/WARREN_QUEUE: "${queue.replace(/:.*/s, ':')}" is not known here; use sqlite: (the default, durable), memory: or none`,
  )
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
