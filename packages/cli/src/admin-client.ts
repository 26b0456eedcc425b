import { readAdminToken, SettingsError, type Environment } from '@warren/collector/node'
import { failedFetchCode } from '@warren/rabbitpre'

/** Where `warren serve` listens unless told otherwise. */
const DEFAULT_URL = 'http://127.0.0.1:8787'

/** An answer of the collector's that is a no, in its own words. */
export class AdminRefusal extends SettingsError {
  readonly status: number

  constructor(status: number, words: string) {
    super(words)
    this.status = status
  }
}

/** Asks a collector's operator's interface. */
export interface AdminClient {
  /**
   * Requests a path under `/admin`, by POST where there is a body; gives an answer of status 200.
   * @throws {SettingsError} one line that says what is wrong and what to do, an {@link AdminRefusal} where the collector
   * said it; never with the token.
   */
  ask(path: string, body?: object): Promise<Response>
}

/**
 * @param flags `url`: the collector's address; else `WARREN_URL`, else the one on this machine. The token is in
 * `WARREN_ADMIN_TOKEN` alone, since a flag could be read in the list of processes.
 */
export function adminClient(flags: { url?: string | undefined }, environment: Environment): AdminClient {
  const base = readUrl(flags.url ?? (environment['WARREN_URL'] || DEFAULT_URL))
  const token = readAdminToken(environment)
  if (token === undefined) {
    throw new SettingsError('WARREN_ADMIN_TOKEN: is not set; give it the token that the collector was started with')
  }
  return {
    async ask(path, body) {
      const response = await fetch(`${base}/admin${path}`, {
        headers: { authorization: `Bearer ${token}` },
        // Another host must not be handed the token.
        redirect: 'manual',
        ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
      }).catch((error: unknown) => {
        throw new SettingsError(
          `no collector answers at ${base} (${failedFetchCode(error)}): start it with WARREN_ADMIN_TOKEN set, ` +
            'or give its address with --url or WARREN_URL',
        )
      })
      if (response.status !== 200) throw new AdminRefusal(response.status, await wordsOf(response, base))
      return response
    },
  }
}

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new SettingsError(
      '--url/WARREN_URL: must be an http(s) address without a user, such as http://127.0.0.1:8787',
    )
  }
  return url.origin + url.pathname.replace(/\/+$/, '')
}

async function wordsOf(response: Response, base: string): Promise<string> {
  const { status } = response
  const problem = await response.json().catch(() => undefined)
  const detail = (problem as { detail?: unknown } | undefined)?.detail
  if (status === 401) {
    return `the collector at ${base} does not take this token: set WARREN_ADMIN_TOKEN to the one that it was started with`
  }
  if (typeof detail === 'string') return detail
  return `${base} answered ${status}, and is no collector: check --url, and that no proxy keeps /admin from you`
}
