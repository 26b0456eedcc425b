import type { TokenAnswer, TokenGrant, TokenSource } from '@warren/rabbitpre'
import { within } from '../within.ts'

/** The token object as it is called from elsewhere. Objects do not know their names, so each call tells it. */
export interface TokenStub {
  current(credentials: string): Promise<TokenAnswer>
  refused(credentials: string, generation: number): Promise<TokenAnswer>
  accepted(credentials: string, generation: number): Promise<void>
}

export interface RemoteTokenOptions {
  /** Their name in the settings. */
  credentials: string
  /** Gives a stub of their token object. Asked for each call: one that has failed may fail for ever after. */
  stub: () => TokenStub
  /** Milliseconds since 1970. Default: the runtime's clock. */
  now?: () => number
}

/**
 * Milliseconds. The object's own call to the platform ends after 10 s. Without an end here, one question without an
 * answer would hold all calls of a queue for as long as its object lives.
 */
const ANSWERED_WITHIN_MS = 20_000

/**
 * A token that is held elsewhere, asked for once in its freshness by all callers. What fails on the way is a trouble
 * without content: an error's words come from where the secret is.
 *
 * One for each object, or each request: a stub and its answers belong to the context that asked for them.
 */
export function remoteToken({ credentials, stub, now = Date.now }: RemoteTokenOptions): TokenSource {
  let grant: (TokenGrant & { freshUntil: number }) | undefined
  let asking: Promise<TokenAnswer> | undefined
  /** Told to the holder already. */
  let acceptedGeneration: number | undefined

  async function ask(work: (stub: TokenStub) => Promise<TokenAnswer>): Promise<TokenAnswer> {
    const answer = await answerOf(work)
    grant = answer.kind === 'granted' ? { ...answer, freshUntil: now() + (answer.freshMs ?? 0) } : undefined
    return answer
  }

  async function answerOf(work: (stub: TokenStub) => Promise<TokenAnswer>): Promise<TokenAnswer> {
    try {
      // A copy, and nothing of the call that it came by.
      return { ...(await within(ANSWERED_WITHIN_MS, () => work(stub()))) }
    } catch {
      return { kind: 'unavailable', isInDoubt: false, words: 'no token: its object did not answer' }
    }
  }

  async function accept(generation: number): Promise<void> {
    try {
      await stub().accepted(credentials, generation)
    } catch {
      // Not told, so the next call that works tells it.
      if (acceptedGeneration === generation) acceptedGeneration = undefined
    }
  }

  return {
    async current() {
      if (grant && now() < grant.freshUntil) {
        const { token, generation, freshUntil } = grant
        return { kind: 'granted', token, generation, freshMs: freshUntil - now() }
      }
      return (asking ??= ask((held) => held.current(credentials)).finally(() => (asking = undefined)))
    },
    refused: (generation) => {
      if (grant?.generation === generation) grant = undefined
      return ask((held) => held.refused(credentials, generation))
    },
    accepted(generation) {
      if (acceptedGeneration === generation) return
      acceptedGeneration = generation
      void accept(generation)
    },
  }
}
