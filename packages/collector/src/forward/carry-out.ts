import type { Settlement } from '../queue/ports.ts'
import type { Refusal, Verdict } from './refusals.ts'

/** A verdict on the event at this place of a lease, as the queue is told it. */
export function carryOut(lease: number, place: number, verdict: Verdict, { code, words, isSize }: Refusal): Settlement {
  if (verdict.verdict === 'wait') return { lease, places: [place], verdict: 'retry', afterMs: verdict.afterMs }
  const reason = isSize ? 'too_large' : 'refused'
  return { lease, places: [place], verdict: 'bury', reason, code, words, attempts: verdict.attempts }
}
