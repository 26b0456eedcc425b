import { appToken, fixedSecret, fixedToken, type TokenSource } from '@warren/rabbitpre'
import type { EdgeStore } from '../direct/edge-store.ts'
import { patientToken } from '../direct/patient-token.ts'
import { storedKeep } from '../direct/stored-keep.ts'
import type { TokenCalls } from '../direct/token-calls.ts'
import type { EdgeCredentials } from '../settings/edge-credentials.ts'
import type { Telemetry } from '../telemetry.ts'

export interface EdgeTokensOptions {
  /** What tokens are fetched by. */
  calls: Pick<TokenCalls, 'fetch' | 'share'>
  /** Where they outlive the isolate, sealed. */
  store?: EdgeStore
  telemetry: Pick<Telemetry, 'log'>
  now?: () => number
}

/** A source of tokens for each set of credentials. */
export function edgeTokens(
  credentials: ReadonlyMap<string, EdgeCredentials>,
  options: EdgeTokensOptions,
): Map<string, TokenSource> {
  return new Map([...credentials].map(([name, one]) => [name, tokenOf(name, one, options)]))
}

function tokenOf(
  name: string,
  credentials: EdgeCredentials,
  { calls, store, telemetry, now }: EdgeTokensOptions,
): TokenSource {
  if (credentials.kind === 'token') return fixedToken(credentials.token)
  const { appid, secret, baseUrl, tokenPath } = credentials
  const warn = (words: string) => telemetry.log('warn', words, { credentials: name })
  return patientToken(() =>
    appToken({
      appid: fixedSecret(appid),
      secret: fixedSecret(secret),
      baseUrl,
      ...(tokenPath === undefined ? {} : { tokenPath }),
      fetch: calls.fetch,
      waitUntil: calls.share,
      warn,
      ...(store ? { keep: storedKeep(store, { name, appid, secret, warn }) } : {}),
      ...(now ? { now } : {}),
    }),
  )
}
