import { DurableObject } from 'cloudflare:workers'
import type { TokenAnswer, TokenSource } from '@warren/rabbitpre'
import { consoleLog } from '../edge/console-log.ts'
import type { TokenStub } from './remote-token.ts'
import { tokenHolder, type TokenCredentials } from './token-holder.ts'

export interface TokenObjectOptions<Env> {
  /**
   * The credentials of this name, out of the Worker's settings, read once in the object's life. What it throws is a
   * mistake in them: its message is warned of, so it may hold no secret, and callers are told that there is no token.
   */
  readCredentials: (env: Env, name: string) => TokenCredentials
  /** Default: the console, as a warning. */
  warn?: (words: string, credentials: string) => void
}

/** The constructor as the runtime calls it, and as a class of one's own extends it. */
export type TokenObjectClass<Env> = new (
  ...args: ConstructorParameters<typeof DurableObject<Env>>
) => DurableObject<Env> & TokenStub

/**
 * The Durable Object that alone holds the token of its credentials: one of it by their name, for all Workers and objects
 * that call the platform with them. What it may tell are tokens; the secret stays in a closure, where no call reaches.
 */
export function tokenObject<Env>({
  readCredentials,
  warn = warnOnConsole,
}: TokenObjectOptions<Env>): TokenObjectClass<Env> {
  return class extends DurableObject<Env> implements TokenStub {
    readonly #holders = new Map<string, TokenSource>()

    async current(credentials: string): Promise<TokenAnswer> {
      return this.#holderOf(credentials).current()
    }

    async refused(credentials: string, generation: number): Promise<TokenAnswer> {
      return this.#holderOf(credentials).refused(generation)
    }

    async accepted(credentials: string, generation: number): Promise<void> {
      this.#holderOf(credentials).accepted(generation)
    }

    #holderOf(credentials: string): TokenSource {
      let holder = this.#holders.get(credentials)
      if (!holder) {
        holder = this.#open(credentials)
        this.#holders.set(credentials, holder)
      }
      return holder
    }

    #open(credentials: string): TokenSource {
      const { storage } = this.ctx
      const keyOf = (key: string) => `${credentials}/${key}`
      try {
        return tokenHolder({
          ...readCredentials(this.env, credentials),
          storage: {
            get: async (key) => bytesOf(await storage.get(keyOf(key))),
            put: (key, bytes) => storage.put(keyOf(key), bytes),
          },
          warn: (words) => warn(words, credentials),
        })
      } catch (error) {
        warn(error instanceof Error ? error.message : 'the credentials cannot be read', credentials)
        return noToken
      }
    }
  }
}

const WITHOUT_SETTINGS: TokenAnswer = {
  kind: 'unavailable',
  isInDoubt: false,
  words: 'no token: the settings of its credentials cannot be used',
}

const noToken: TokenSource = {
  current: () => Promise.resolve(WITHOUT_SETTINGS),
  refused: () => Promise.resolve(WITHOUT_SETTINGS),
  accepted: () => {},
}

/** What else may stand there was not written here: it is given on as what cannot be unsealed. */
function bytesOf(value: unknown): Uint8Array | undefined {
  if (value === undefined || value instanceof Uint8Array) return value
  return new Uint8Array()
}

function warnOnConsole(words: string, credentials: string): void {
  consoleLog('warn', words, { credentials })
}
