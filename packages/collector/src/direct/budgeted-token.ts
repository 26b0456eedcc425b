import type { TokenAnswer, TokenSource } from '@warren/rabbitpre'
import type { RequestBudget } from './request-budget.ts'

/**
 * A shared source of tokens as one request sees it: whatever could make it fetch one is paid for ahead, and given back
 * where none was fetched. A refusal that cannot be paid for is not handed on: the answer is the same token again, which
 * callers take as final, and the source learns of it from a later request.
 * @param begun token calls that the source has begun so far. Those begun since the last question are paid for at the next:
 * a renewal goes on behind its callers' backs, and one of another request's at the same time is paid for too.
 */
export function budgetedToken(source: TokenSource, budget: RequestBudget, begun: () => number): TokenSource {
  let counted = begun()
  let last: Extract<TokenAnswer, { kind: 'granted' }> | undefined

  async function paid(ask: () => Promise<TokenAnswer>): Promise<TokenAnswer> {
    const answer = await ask()
    const total = begun()
    budget.settle(total - counted)
    counted = total
    if (answer.kind === 'granted') last = answer
    return answer
  }
  const denied = (): TokenAnswer => ({ kind: 'unavailable', isInDoubt: false, words: 'no call is left for a token' })

  return {
    current: () => (budget.take() ? paid(() => source.current()) : Promise.resolve(denied())),
    refused(generation) {
      if (budget.take()) return paid(() => source.refused(generation))
      return Promise.resolve(last?.generation === generation ? last : denied())
    },
    accepted: (generation) => source.accepted(generation),
  }
}
