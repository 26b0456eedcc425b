import type { SecretReference } from '../config.ts'
import type { Environment } from './environment.ts'
import { SettingsError } from './settings-error.ts'

/** Reads the secret that a reference names; throws a {@link SettingsError} that tells `where`, and never the secret. */
export type ReadSecret = (reference: SecretReference, where: string) => string

/** Secrets in variables alone: for runtimes that have no files. */
export function variableSecrets(environment: Environment): ReadSecret {
  return (reference, where) => {
    if ('variable' in reference) return readVariable(reference.variable, environment, where)
    throw new SettingsError(`${where}: there are no files here to read it from; name a variable: {"variable":"NAME"}`)
  }
}

/** @throws {SettingsError} where it is not set. */
export function readVariable(name: string, environment: Environment, where: string): string {
  const value = Object.hasOwn(environment, name) ? environment[name]?.trim() : undefined
  if (!value) throw new SettingsError(`${where}: the variable ${name} is not set`)
  return value
}
