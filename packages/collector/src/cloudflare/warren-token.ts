import type { TokenCredentials } from './token-holder.ts'
import { readEdgeSettings } from '../settings/edge-settings.ts'
import { SettingsError } from '../settings/settings-error.ts'
import { tokenObject, type TokenObjectClass } from './token-object.ts'
import type { WorkerBindings } from './worker.ts'

/** The Durable Object that holds an app's token: one a set of credentials, for all isolates. */
export const WarrenToken: TokenObjectClass<WorkerBindings> = tokenObject({ readCredentials })

function readCredentials(bindings: WorkerBindings, name: string): TokenCredentials {
  const credentials = readEdgeSettings({ ...bindings }).credentials.get(name)
  if (credentials?.kind === 'app') return credentials
  throw new SettingsError(`credentials.${name}: has no appid and secret`)
}
