import type { TokenAnswer, TokenSource } from '@warren/rabbitpre'
import { within } from '../within.ts'

/** A token call's own time-out is 10 s, and a look at a store's token takes one more at the most. Milliseconds. */
const LONGEST_MS = 12_000

/**
 * A source that is made anew where it gives no answer. Requests of an isolate share what one of them asks for, and some
 * edges end a request in the midst when its caller goes away: what it had under way would never end, and all others
 * would wait for it for ever.
 */
export function patientToken(make: () => TokenSource): TokenSource {
  let source = make()

  async function ask(question: (present: TokenSource) => Promise<TokenAnswer>): Promise<TokenAnswer> {
    const asked = source
    try {
      return await within(LONGEST_MS, () => question(asked))
    } catch {
      if (source === asked) source = make()
      return { kind: 'unavailable', isInDoubt: false, words: `no token within ${LONGEST_MS} ms` }
    }
  }

  return {
    current: () => ask((present) => present.current()),
    refused: (generation) => ask((present) => present.refused(generation)),
    accepted: (generation) => source.accepted(generation),
  }
}
