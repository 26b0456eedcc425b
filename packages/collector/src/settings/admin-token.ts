import type { Environment } from './environment.ts'
import { SettingsError } from './settings-error.ts'

/** What can stand behind `Bearer` in a header (RFC 6750). */
const BEARER_TOKEN = /^[A-Za-z0-9._~+/-]+=*$/

/**
 * The token of the operator's interface, from `WARREN_ADMIN_TOKEN`; undefined where there is none.
 * @throws {SettingsError} where no header could carry it.
 */
export function readAdminToken(environment: Environment): string | undefined {
  const token = environment['WARREN_ADMIN_TOKEN']?.trim()
  if (!token) return undefined
  if (BEARER_TOKEN.test(token)) return token
  throw new SettingsError(
    'WARREN_ADMIN_TOKEN: may hold letters, digits and . _ ~ + / - (and = at its end) alone; make one with: openssl rand -hex 32',
  )
}
