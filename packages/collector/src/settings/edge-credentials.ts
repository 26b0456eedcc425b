import { checkToken } from '@warren/rabbitpre'
import { tokenBaseUrl, type Config, type CredentialsConfig } from '../config.ts'
import type { ReadSecret } from './secret-variable.ts'
import { SettingsError } from './settings-error.ts'

/** Credentials with their values: a token that somebody else keeps fresh, or an app that tokens are fetched for. */
export type EdgeCredentials =
  | { kind: 'token'; token: string }
  | { kind: 'app'; appid: string; secret: string; baseUrl: string; tokenPath?: string }

/** Every set of credentials, by its name. @throws {SettingsError} where a value is not set, or cannot be used. */
export function readEdgeCredentials(config: Config, readSecret: ReadSecret): Map<string, EdgeCredentials> {
  return new Map(
    Object.entries(config.credentials).map(([name, one]) => [name, readOne(name, one, config, readSecret)]),
  )
}

function readOne(
  name: string,
  { token, appid, secret, tokenPath }: CredentialsConfig,
  config: Config,
  readSecret: ReadSecret,
): EdgeCredentials {
  const key = (field: string) => `credentials.${name}.${field}`
  if (token) return { kind: 'token', token: usableToken(readSecret(token, key('token')), key('token')) }
  const baseUrl = tokenBaseUrl(config, name)
  if (appid === undefined || !secret) throw new SettingsError(`${key('token')}: is required, or appid and secret`)
  if (baseUrl === undefined) throw new SettingsError(`${key('baseUrl')}: is required`)
  return {
    kind: 'app',
    appid: typeof appid === 'string' ? appid : readSecret(appid, key('appid')),
    secret: readSecret(secret, key('secret')),
    baseUrl,
    ...(tokenPath === undefined ? {} : { tokenPath }),
  }
}

function usableToken(text: string, where: string): string {
  try {
    return checkToken(text, 'the token')
  } catch (error) {
    throw new SettingsError(`${where}: ${error instanceof Error ? error.message : 'cannot be used'}`)
  }
}
