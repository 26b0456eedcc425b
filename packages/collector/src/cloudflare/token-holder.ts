import { appToken, fixedSecret, sealedKeep, type TokenSource } from '@warren/rabbitpre'

/** An app of the platform's, and where its token comes from. */
export interface TokenCredentials {
  appid: string
  secret: string
  /** Scheme and host. */
  baseUrl: string
  /** Default: the path of the vendor's page. */
  tokenPath?: string
}

export interface TokenHolderOptions extends TokenCredentials {
  /** Where the sealed token outlives this holder. */
  storage: {
    get(key: string): Promise<Uint8Array | undefined>
    put(key: string, bytes: Uint8Array): Promise<void>
  }
  /** Told in words what a person should know; never with the token or the secret. */
  warn: (words: string) => void
  /** Default: the global one. */
  fetch?: typeof globalThis.fetch
  /** Milliseconds since 1970. Default: the runtime's clock. */
  now?: () => number
}

const KEY = 'token'

/**
 * The one holder of an app's token, for callers that may be in other isolates: its answers are plain objects. It may end
 * at any time: the next one goes on with the token that is kept in `storage`, sealed.
 */
export function tokenHolder({ appid, secret, storage, ...rest }: TokenHolderOptions): TokenSource {
  return appToken({
    ...rest,
    appid: fixedSecret(appid),
    secret: fixedSecret(secret),
    keep: sealedKeep({
      secret,
      appid,
      read: () => storage.get(KEY),
      write: (bytes) => storage.put(KEY, bytes),
      warn: rest.warn,
    }),
  })
}
