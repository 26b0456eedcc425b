import { readFile, stat } from 'node:fs/promises'
import { checkToken, type TokenGrant, type TokenSource } from './token-source.ts'

/** How often the file is looked at: a rotated token is in use within a second. */
const LOOK_EVERY_MS = 1000

export interface TokenFileOptions {
  path: string
  /** Told in words when the file cannot be used; the token at hand stays in use. */
  warn: (words: string) => void
  /** Milliseconds since 1970; for tests. */
  now?: () => number
}

/**
 * A token kept in a file, read again when the file changes (also by a swapped link, as Kubernetes does it).
 * A file that is missing, empty or half-written leaves the old token in use; a torn one that got through is
 * replaced at the next look, and its refusal brings that look forward.
 * @throws at creation, where the file holds no usable token: the message names the path and never the content.
 */
export async function tokenFile({ path, warn, now = Date.now }: TokenFileOptions): Promise<TokenSource> {
  let stamp = await readStamp(path)
  let grant: TokenGrant = { token: await readToken(path), generation: 1 }
  let lookAt = now() + LOOK_EVERY_MS
  let looking: Promise<void> | undefined
  let warned = ''

  async function look(): Promise<void> {
    try {
      const nextStamp = await readStamp(path)
      if (nextStamp === stamp) return
      const token = await readToken(path)
      stamp = nextStamp
      warned = ''
      if (token !== grant.token) grant = { token, generation: grant.generation + 1 }
    } catch (error) {
      const words = describe(error, path)
      if (words !== warned) warn(`${words}; the token at hand stays in use`)
      warned = words
    } finally {
      lookAt = now() + LOOK_EVERY_MS
      looking = undefined
    }
  }

  return {
    async current() {
      if (now() >= lookAt) await (looking ??= look())
      return grant
    },
    refused(generation) {
      if (generation !== grant.generation) return
      // Whatever the stamp says: the content may have been torn when it was read.
      stamp = ''
      lookAt = 0
    },
  }
}

async function readStamp(path: string): Promise<string> {
  const { mtimeMs, ino, size } = await stat(path)
  return `${mtimeMs}/${ino}/${size}`
}

async function readToken(path: string): Promise<string> {
  return checkToken(await readFile(path, 'utf8'), `the token file ${path}`)
}

function describe(error: unknown, path: string): string {
  if (error instanceof Error && 'code' in error) return `the token file ${path} cannot be read (${String(error.code)})`
  return error instanceof Error ? error.message : `the token file ${path} cannot be used`
}
