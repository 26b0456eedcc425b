import { minLength, number, object, positive, string, type ZodMiniType } from 'zod/mini'
import type { KeptToken, TokenKeep } from './token-keep.ts'

/** The form of what is written: this byte, twelve of IV, then the sealed token with its tag. */
const VERSION = 1

/** Bytes. What AES-GCM is made for (NIST SP 800-38D, 8.2). */
const IV_BYTES = 12

export interface SealedKeepOptions {
  /** The app's secret: who does not have it cannot read what is kept, and who has it needs no kept token. */
  secret: string
  appid: string
  /** What was written last, or undefined. */
  read(): Promise<Uint8Array | undefined>
  write(bytes: Uint8Array): Promise<void>
  /** Told in words when what is kept cannot be used; never with anything of it. */
  warn: (words: string) => void
}

/**
 * Keeps a token where others may look: sealed by AES-GCM with a key of its own, which HKDF-SHA-256 makes of the app's
 * secret. What was sealed with another secret or for another app, or was damaged, is as none: that is told once, until
 * something is read again. Uses WebCrypto alone, so it runs in every runtime. Rejects where `read` and `write` do.
 */
export function sealedKeep({ secret, appid, read, write, warn }: SealedKeepOptions): TokenKeep {
  let hasWarned = false

  async function algorithm(iv: Uint8Array<ArrayBuffer>): Promise<[AesGcmParams, CryptoKey]> {
    const material = await crypto.subtle.importKey('raw', utf8(secret), 'HKDF', false, ['deriveKey'])
    const key = await crypto.subtle.deriveKey(
      {
        name: 'HKDF',
        hash: 'SHA-256',
        salt: utf8(`warren sealed token v${VERSION}`),
        info: utf8(`AES-256-GCM for ${appid}`),
      },
      material,
      { name: 'AES-GCM', length: 256 },
      false,
      ['encrypt', 'decrypt'],
    )
    return [{ name: 'AES-GCM', iv, additionalData: utf8(appid) }, key]
  }

  async function unseal(bytes: Uint8Array): Promise<KeptToken | undefined> {
    if (bytes[0] !== VERSION) return undefined
    try {
      const [params, key] = await algorithm(bytes.slice(1, 1 + IV_BYTES))
      const text = await crypto.subtle.decrypt(params, key, bytes.slice(1 + IV_BYTES))
      return keptTokenSchema.parse(JSON.parse(new TextDecoder().decode(text)))
    } catch {
      // Said by the caller, alike for whatever is wrong.
      return undefined
    }
  }

  return {
    async load() {
      const bytes = await read()
      if (!bytes) return undefined
      const kept = await unseal(bytes)
      if (!kept && !hasWarned) {
        warn('the kept token cannot be unsealed: the secret or the appid has changed, or it is damaged; it is not used')
      }
      hasWarned = !kept
      return kept
    },
    async save(token) {
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
      const [params, key] = await algorithm(iv)
      const sealed = await crypto.subtle.encrypt(params, key, utf8(JSON.stringify(token)))
      const bytes = new Uint8Array(1 + IV_BYTES + sealed.byteLength)
      bytes[0] = VERSION
      bytes.set(iv, 1)
      bytes.set(new Uint8Array(sealed), 1 + IV_BYTES)
      await write(bytes)
    },
  }
}

const keptTokenSchema: ZodMiniType<KeptToken> = object({
  token: string().check(minLength(1)),
  generation: number(),
  appid: string(),
  lifeMs: number().check(positive()),
  expiresAt: number(),
  renewAt: number(),
})

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}
