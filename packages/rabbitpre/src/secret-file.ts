import { readFile, stat } from 'node:fs/promises'
import type { SecretValue } from './secret-value.ts'

/** How often the file is looked at: a second, less what a timer that asks once a second may be early. */
const LOOK_EVERY_MS = 900

export interface SecretFileOptions {
  path: string
  /** What it holds, for messages: `token`. */
  what: string
  /** Takes the text to its value; throws, in words that tell `origin` and no content, where it holds none. */
  check: (text: string, origin: string) => string
  /** Told in words when the file cannot be used; the value at hand stays in use. */
  warn: (words: string) => void
  /** Milliseconds since 1970; for tests. */
  now?: () => number
}

/**
 * A secret kept in a file, read again when the file changes (also by a swapped link, as Kubernetes does it). A file
 * that is missing, empty or half-written leaves the old value in use; a torn one that got through is replaced at the
 * next look.
 * @throws at creation, where the file holds nothing usable: the message names the path and never the content.
 */
export async function secretFile(options: SecretFileOptions): Promise<SecretValue> {
  const { path, warn, now = Date.now } = options
  const origin = `the ${options.what} file ${path}`
  const readValue = async () => options.check(await readFile(path, 'utf8'), origin)

  let stamp = await readStamp(path).catch((error: unknown) => {
    throw new Error(describe(error, origin))
  })
  let value = await readValue()
  let lookAt = now() + LOOK_EVERY_MS
  let looks = Promise.resolve()
  let warned = ''

  async function lookOnce(isForced: boolean): Promise<void> {
    try {
      const nextStamp = await readStamp(path)
      if (nextStamp === stamp && !isForced) return
      value = await readValue()
      stamp = nextStamp
      warned = ''
    } catch (error) {
      const words = describe(error, origin)
      if (words !== warned) warn(`${words}; the ${options.what} at hand stays in use`)
      warned = words
    }
  }

  /** One look after another: a forced one must not be answered by a look that began before it. */
  function look(isForced: boolean): Promise<void> {
    lookAt = now() + LOOK_EVERY_MS
    return (looks = looks.then(() => lookOnce(isForced)))
  }

  return {
    async read() {
      await (now() >= lookAt ? look(false) : looks)
      return value
    },
    // Whatever the stamp says: the content may have been torn when it was read.
    look: () => look(true),
  }
}

async function readStamp(path: string): Promise<string> {
  const { mtimeMs, ino, size } = await stat(path)
  return `${mtimeMs}/${ino}/${size}`
}

function describe(error: unknown, origin: string): string {
  if (error instanceof Error && 'code' in error) return `${origin} cannot be read (${String(error.code)})`
  return error instanceof Error ? error.message : `${origin} cannot be used`
}
