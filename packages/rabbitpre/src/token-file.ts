import { secretFile } from './secret-file.ts'
import { checkToken, type TokenAnswer, type WatchedTokenSource } from './token-source.ts'

// What needs Node's files is one entry of the package.
export { secretFile, type SecretFileOptions } from './secret-file.ts'

export interface TokenFileOptions {
  path: string
  /** Told in words when the file cannot be used; the token at hand stays in use. */
  warn: (words: string) => void
  /** Told once when the file holds another token. */
  onChange?: () => void
  /** Milliseconds since 1970; for tests. */
  now?: () => number
}

/**
 * A token kept in a file, read again when the file changes, and at once when the platform refuses it.
 * @throws at creation, where the file holds no usable token: the message names the path and never the content.
 */
export async function tokenFile({ path, warn, onChange, now }: TokenFileOptions): Promise<WatchedTokenSource> {
  const file = await secretFile({ path, what: 'token', check: checkToken, warn, ...(now ? { now } : {}) })
  let grant = { token: await file.read(), generation: 1 }

  async function current(): Promise<TokenAnswer> {
    const token = await file.read()
    if (token !== grant.token) {
      grant = { token, generation: grant.generation + 1 }
      onChange?.()
    }
    return { kind: 'granted', ...grant }
  }

  return {
    current,
    async refused(generation) {
      if (generation === grant.generation) await file.look()
      return current()
    },
    accepted() {},
    async look() {
      await file.look()
      await current()
    },
  }
}
