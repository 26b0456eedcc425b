import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { publicParamsSchema } from '@warren/rabbitpre'
import { configSchema, danglingNames, undecidedTokenHosts, type Config, type SecretReference } from '../config.ts'
import { environmentCredentials, SET_CREDENTIALS } from './environment-credentials.ts'
import { SettingsError } from './settings-error.ts'

export { SettingsError }

/** What `serve` is told on its command line; each beats its variable, which beats the file. */
export interface ServeFlags {
  port?: string
  host?: string
  db?: string
  queue?: string
  config?: string
}

export type Environment = Readonly<Record<string, string | undefined>>

export interface Settings {
  port: number
  host: string
  queue: { kind: 'sqlite'; path: string } | { kind: 'memory' }
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
  addDefaultDestination(config, variable)

  const dangling = danglingNames(config)
  if (dangling.length > 0) throw new SettingsError(dangling.join('\n'))
  if (Object.keys(config.destinations).length === 0) {
    throw new SettingsError(`nowhere to send events: ${SET_CREDENTIALS}, or write destinations into the configuration`)
  }
  const undecided = undecidedTokenHosts(config)
  if (undecided.length > 0) throw new SettingsError(undecided.join('\n'))

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
  if ('variable' in reference) {
    const value = Object.hasOwn(environment, reference.variable) ? environment[reference.variable]?.trim() : undefined
    if (!value) throw new SettingsError(`${where}: the variable ${reference.variable} is not set`)
    return value
  }
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
  const text = given !== undefined && isText ? given : readFile(given ?? DEFAULT_CONFIG, origin)
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    // The parser's own words would show a piece of the text.
    const place = /line \d+ column \d+/.exec(String(error))?.[0]
    throw new SettingsError(`${origin}: the configuration is not JSON${place ? `: see ${place}` : ''}`)
  }
  const parsed = configSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new SettingsError(
    parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'configuration'}: ${message}`).join('\n'),
  )
}

function readFile(path: string, origin: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new SettingsError(`${origin}: cannot read ${resolve(path)}`)
  }
}

/** `RABBITPRE_*` configure the destination `default`, over what the file says of it. */
function addDefaultDestination(config: Config, variable: (name: string) => string | undefined): void {
  const given = environmentCredentials(variable)
  const baseUrl = variable('RABBITPRE_BASE_URL')
  const batchAddPath = variable('RABBITPRE_BATCH_ADD_PATH')
  const publicParams = variable('RABBITPRE_PUBLIC_PARAMS')
  const present = Object.hasOwn(config.destinations, 'default') ? config.destinations['default'] : undefined
  if (!given && !present) {
    const lone = ['RABBITPRE_BASE_URL', 'RABBITPRE_BATCH_ADD_PATH', 'RABBITPRE_PUBLIC_PARAMS'].find((name) =>
      variable(name),
    )
    if (lone) {
      throw new SettingsError(`${lone} is set, and the destination "default" has no credentials: ${SET_CREDENTIALS}`)
    }
    return
  }

  if (given && Object.hasOwn(config.credentials, 'environment')) {
    throw new SettingsError(`credentials.environment: ${given.setBy} takes this name; give the credentials another`)
  }
  const overlay = configSchema.safeParse({
    credentials: given ? { environment: given.credentials } : {},
    destinations: {
      default: {
        ...present,
        ...(given ? { credentials: 'environment' } : {}),
        ...(baseUrl ? { baseUrl } : {}),
        ...(batchAddPath ? { batchAddPath } : {}),
        ...(publicParams ? { publicParams: readPublicParams(publicParams) } : {}),
      },
    },
  })
  if (!overlay.success) {
    const [issue] = overlay.error.issues
    const field = String(issue?.path[2] ?? '')
    throw new SettingsError(`${VARIABLE_OF[field] ?? 'RABBITPRE_*'}: ${issue?.message ?? 'not valid'}`)
  }
  Object.assign(config.credentials, overlay.data.credentials)
  Object.assign(config.destinations, overlay.data.destinations)
}

const VARIABLE_OF: Record<string, string> = {
  baseUrl: 'RABBITPRE_BASE_URL',
  batchAddPath: 'RABBITPRE_BATCH_ADD_PATH',
  tokenPath: 'RABBITPRE_TOKEN_PATH',
}

function readPublicParams(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new SettingsError('RABBITPRE_PUBLIC_PARAMS: must be JSON, for example {"isMatching":false}')
  }
  const parsed = publicParamsSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new SettingsError(
    `RABBITPRE_PUBLIC_PARAMS: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}`.replace(':  ', ': '),
  )
}

function readPort(text: string, origin: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new SettingsError(`${origin}: ${text} is no port; give a number from 0 (any free one) to 65535`)
}

function readQueue(queue: string, db: string): Settings['queue'] {
  if (queue === 'sqlite:' || queue === 'sqlite') return { kind: 'sqlite', path: db }
  if (queue === 'memory:' || queue === 'memory') return { kind: 'memory' }
  throw new SettingsError(
    // Of an address, its scheme alone: the rest may hold a password.
    `--queue/WARREN_QUEUE: "${queue.replace(/:.*/s, ':')}" is not known here; use sqlite: (the default, durable) or memory:`,
  )
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
