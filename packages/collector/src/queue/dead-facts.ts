import type { DeadLetter, DeadQuery } from './dead-letters.ts'

/** What a dead letter is found by, read from its event. Texts that are not there are empty. */
export interface DeadFacts {
  uuid: string
  eventKey: string
  identities: string[]
}

/** Reads an event's line. One that is no JSON is kept all the same, and found by its number alone. */
export function deadFacts(json: string): DeadFacts {
  const event = parse(json)
  const { identity } = event
  return {
    uuid: textOf(event['uuid']),
    eventKey: textOf(event['eventKey']),
    identities: isObject(identity) ? Object.values(identity).filter((value) => typeof value === 'string') : [],
  }
}

/** Whether all that a query gives holds for a letter. */
export function isAsked(letter: DeadLetter, query: DeadQuery): boolean {
  const { lane, source, uuid, eventKey, reason, code, identity, text, diedBefore } = query
  const same = (wanted: string | undefined, value: string) => wanted === undefined || wanted === value
  return (
    same(lane, letter.lane) &&
    same(source, letter.source) &&
    same(uuid, letter.uuid) &&
    same(eventKey, letter.eventKey) &&
    same(reason, letter.reason) &&
    same(code, letter.code) &&
    (diedBefore === undefined || letter.diedAt < diedBefore) &&
    (text === undefined || letter.json.includes(text) || letter.words.includes(text)) &&
    (identity === undefined || deadFacts(letter.json).identities.includes(identity))
  )
}

function parse(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
