import type { DeadLetter } from '../queue/dead-letters.ts'

/** A dead letter as an operator sees it: its event is an object, to be read and edited. */
export interface LetterView extends Omit<DeadLetter, 'json'> {
  /** As it was accepted: `uuid`, `eventKey`, `time`, `args`, `identity` …; its text where that is no JSON. */
  event: unknown
}

export function letterView({ json, ...facts }: DeadLetter): LetterView {
  return { ...facts, event: parse(json) }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return json
  }
}
