import type { Config } from '../config.ts'
import type { SourceRules } from '../sources.ts'
import type { ReadSecret } from './secret-variable.ts'
import { SettingsError } from './settings-error.ts'

/** The rules of each configured source, by its id. @throws {SettingsError} where a key cannot be read or used. */
export function readSources({ sources }: Config, readSecret: ReadSecret): Map<string, SourceRules> {
  return new Map(
    Object.entries(sources).map(([id, { key, ...rules }]) => [
      id,
      key ? { ...rules, key: checkKey(readSecret(key, `sources.${id}.key`), `sources.${id}.key`) } : rules,
    ]),
  )
}

/** A server source's key: what a header can carry as it is. */
function checkKey(key: string, where: string): string {
  if (/^[!-~]+$/.test(key)) return key
  throw new SettingsError(`${where}: must be of visible ASCII characters alone, since a header carries it`)
}
