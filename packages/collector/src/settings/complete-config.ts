import { inEnglish } from '@warren/protocol'
import { publicParamsSchema } from '@warren/rabbitpre'
import { configSchema, danglingNames, undecidedTokenHosts, type Config } from '../config.ts'
import { environmentCredentials, SET_CREDENTIALS } from './environment-credentials.ts'
import type { Environment } from './environment.ts'
import { SettingsError } from './settings-error.ts'

/**
 * Adds to a configuration what the variables `RABBITPRE_*` say of the destination `default`, over what it says itself.
 * @throws {SettingsError} where the variables are wrong, or names in the whole point nowhere.
 */
export function completeConfig(config: Config, environment: Environment): void {
  addDefaultDestination(config, (name) => environment[name] || undefined)

  const dangling = danglingNames(config)
  if (dangling.length > 0) throw new SettingsError(dangling.join('\n'))
  if (Object.keys(config.destinations).length === 0) {
    throw new SettingsError(`nowhere to send events: ${SET_CREDENTIALS}, or write destinations into the configuration`)
  }
  const undecided = undecidedTokenHosts(config)
  if (undecided.length > 0) throw new SettingsError(undecided.join('\n'))
}

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
  const variables = {
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
  }
  const overlay = configSchema.safeParse(variables, inEnglish)
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
  const parsed = publicParamsSchema.safeParse(value, inEnglish)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new SettingsError(
    `RABBITPRE_PUBLIC_PARAMS: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}`.replace(':  ', ': '),
  )
}
