import { appToken, fixedSecret, fixedToken, type SecretValue, type TokenSource } from '@warren/rabbitpre'
import { secretFile, tokenFile } from '@warren/rabbitpre/token-file'
import { tokenBaseUrl, type Config, type CredentialsConfig, type SecretReference } from '../config.ts'
import type { Telemetry } from '../telemetry.ts'
import type { Environment } from '../settings/environment.ts'
import { SettingsError } from '../settings/settings-error.ts'
import { readSecret, type Settings } from './settings.ts'

/** Every set of credentials as a source of tokens, and what keeps them fresh. */
export interface Credentials {
  /** By their names in the configuration. */
  sources: ReadonlyMap<string, TokenSource>
  /** Looks at all files now. */
  look(): Promise<void>
  /** Looks and renews no more. */
  stop(): void
}

export interface CredentialsOptions {
  telemetry: Pick<Telemetry, 'log'>
  /** Told once when what stands on file for these credentials has changed. */
  onChange: (name: string) => void
  /** What tokens are fetched by. Default: the global one. */
  fetch?: typeof globalThis.fetch
}

/** Milliseconds. How often files are looked at, and tokens that are due are renewed: so no batch waits for either. */
const TEND_EVERY_MS = 1000

interface Opened {
  source: TokenSource
  look: () => Promise<void>
}

/**
 * Opens the configuration's credentials.
 * @throws {SettingsError} where one cannot be read or holds nothing usable, with its key and never its content.
 */
export async function openCredentials(
  { config }: Pick<Settings, 'config'>,
  environment: Environment,
  { telemetry, onChange, fetch }: CredentialsOptions,
): Promise<Credentials> {
  const opened = new Map<string, Opened>()
  for (const [name, credentials] of Object.entries(config.credentials)) {
    const watched = {
      warn: (words: string) => telemetry.log('warn', words, { credentials: name }),
      onChange: () => {
        telemetry.log('info', 'the credentials have changed', { credentials: name })
        onChange(name)
      },
      ...(fetch ? { fetch } : {}),
    }
    opened.set(name, await openOne(name, credentials, config, environment, watched))
  }

  // What no destination uses is checked, and fetches no token, which would end somebody else's.
  const used = new Set(Object.values(config.destinations).map(({ credentials }) => credentials))
  const tended = [...opened].filter(([name]) => used.has(name)).map(([, { source }]) => source)
  let isTending = false
  async function tend(): Promise<void> {
    if (isTending) return
    isTending = true
    await Promise.all(tended.map((source) => source.current())).finally(() => (isTending = false))
  }
  const timer = setInterval(() => void tend(), TEND_EVERY_MS)
  timer.unref()

  return {
    sources: new Map([...opened].map(([name, { source }]) => [name, source])),
    async look() {
      await Promise.all([...opened.values()].map(({ look }) => look()))
    },
    stop: () => clearInterval(timer),
  }
}

interface Watched {
  warn: (words: string) => void
  onChange: () => void
  fetch?: typeof globalThis.fetch
}

async function openOne(
  name: string,
  { token, appid, secret, tokenPath }: CredentialsConfig,
  config: Config,
  environment: Environment,
  watched: Watched,
): Promise<Opened> {
  const key = (field: string) => `credentials.${name}.${field}`
  if (token) {
    if ('file' in token) {
      const source = await usable(key('token'), () => tokenFile({ path: token.file, ...watched }))
      return { source, look: source.look }
    }
    const source = await usable(key('token'), () => fixedToken(readSecret(token, environment, key('token'))))
    return { source, look: () => Promise.resolve() }
  }
  if (appid === undefined || !secret) throw new SettingsError(`${key('token')}: is required, or appid and secret`)
  const baseUrl = tokenBaseUrl(config, name)
  if (baseUrl === undefined) throw new SettingsError(`${key('baseUrl')}: is required`)
  const value = (reference: SecretReference | string, field: string) =>
    usable(key(field), () => openSecret(reference, field, environment, key(field), watched.warn))
  const source = appToken({
    appid: await value(appid, 'appid'),
    secret: await value(secret, 'secret'),
    baseUrl,
    ...(tokenPath === undefined ? {} : { tokenPath }),
    ...watched,
  })
  return { source, look: source.look }
}

function openSecret(
  reference: SecretReference | string,
  what: string,
  environment: Environment,
  where: string,
  warn: (words: string) => void,
): SecretValue | Promise<SecretValue> {
  if (typeof reference === 'string') return fixedSecret(reference)
  if ('variable' in reference) return fixedSecret(readSecret(reference, environment, where))
  return secretFile({ path: reference.file, what, check: checkSecret, warn })
}

function checkSecret(text: string, origin: string): string {
  const value = text.replace(/^\uFEFF/, '').trim()
  if (value === '') throw new Error(`${origin} is empty`)
  return value
}

/** What cannot be opened is a mistake in the settings, told with its key. */
async function usable<Result>(key: string, open: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await open()
  } catch (error) {
    if (error instanceof SettingsError) throw error
    throw new SettingsError(`${key}: ${error instanceof Error ? error.message : 'cannot be read'}`)
  }
}
