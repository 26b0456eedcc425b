import type { CredentialsConfig } from '../config.ts'
import { SettingsError } from './settings-error.ts'

/** What to set where nothing is. */
export const SET_CREDENTIALS: string =
  'set RABBITPRE_APPID and RABBITPRE_SECRET (the token is then fetched and renewed), or set RABBITPRE_TOKEN or ' +
  'RABBITPRE_TOKEN_FILE'

/**
 * The credentials that `RABBITPRE_*` name, and the first variable that says so; undefined where none does. Variables
 * are named, not read: the secret is read where it is used.
 * @throws {SettingsError} where a variable stands alone, or two kinds stand side by side.
 */
export function environmentCredentials(
  variable: (name: string) => string | undefined,
): { setBy: string; credentials: CredentialsConfig } | undefined {
  const [token, otherToken] = ['RABBITPRE_TOKEN', 'RABBITPRE_TOKEN_FILE'].filter((name) => variable(name))
  const [app, otherApp] = ['RABBITPRE_APPID', 'RABBITPRE_SECRET'].filter((name) => variable(name))
  const tokenPath = variable('RABBITPRE_TOKEN_PATH')

  if (token && otherToken) throw new SettingsError(`${token} and ${otherToken} are both set: keep one`)
  if (token && app) throw new SettingsError(`${app} and ${token} are both set: keep one kind of credential`)
  if (app && !otherApp) {
    const missing = app === 'RABBITPRE_APPID' ? 'RABBITPRE_SECRET' : 'RABBITPRE_APPID'
    throw new SettingsError(`${app} is set and ${missing} is not: set both`)
  }
  if (tokenPath && !app) {
    throw new SettingsError(
      'RABBITPRE_TOKEN_PATH is set, and RABBITPRE_APPID and RABBITPRE_SECRET are not: set both, ' +
        'or write tokenPath into the credentials that it is for',
    )
  }

  if (app) {
    return {
      setBy: app,
      credentials: {
        appid: { variable: 'RABBITPRE_APPID' },
        secret: { variable: 'RABBITPRE_SECRET' },
        ...(tokenPath ? { tokenPath } : {}),
      },
    }
  }
  if (!token) return undefined
  const reference = token === 'RABBITPRE_TOKEN' ? { variable: token } : { file: variable(token) ?? '' }
  return { setBy: token, credentials: { token: reference } }
}
