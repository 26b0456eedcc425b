import { sealedKeep, type TokenKeep } from '@warren/rabbitpre'
import { STORE_TIMEOUT_MS, type EdgeStore } from './edge-store.ts'
import { within } from '../within.ts'

/** A token lives for two hours (the vendor's page); what its answer says is in the sealed text. Seconds. */
const TTL_S = 7200

/**
 * Keeps an app's token, sealed, in the store that isolates share: each would fetch one of its own, and the platform may
 * end a token when it gives the next.
 * @param name of the credentials: letters, digits and `.`, `_` or `-`.
 */
export function storedKeep(
  store: EdgeStore,
  { name, appid, secret, warn }: { name: string; appid: string; secret: string; warn: (words: string) => void },
): TokenKeep {
  const key = `warren_token_${name.replace(/\W/g, (char) => `_${char.charCodeAt(0)}_`)}`
  return sealedKeep({
    appid,
    secret,
    warn,
    async read() {
      const text = await within(STORE_TIMEOUT_MS, () => store.get(key))
      return typeof text === 'string' ? fromBase64(text) : undefined
    },
    write: (bytes) => within(STORE_TIMEOUT_MS, () => store.put(key, toBase64(bytes), { expirationTtl: TTL_S })),
  })
}

/** Stores take text. */
function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}
