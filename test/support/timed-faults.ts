import type { Fault } from '@warren/rabbitpre/sandbox'

/** When the events are kept: not at all by the time of the fault; with half of the answer gone; before all of it. */
export const WHENS = ['before', 'during', 'after'] as const
export type When = (typeof WHENS)[number]

/** A kind of fault, what the forwarder is to make of it, and how it is played at each time, or why it cannot be. */
export interface TimedFault {
  outcome: 'delivered' | 'unavailable' | 'refused' | 'halted'
  played: Record<When, Fault | string>
}

const IN_TIME_MS = 20
/** Longer than the patience of any caller here. */
const TOO_LATE_MS = 60_000

/** What the platform says of an event that it does not know. */
export const REFUSAL: Fault = { kind: 'refuse', code: '100400', msg: 'the event is not defined' }
export const NOT_FOUND: Fault = { kind: 'status', status: 404 }

/** Of several events, those that fit pass. */
export const MOST_EVENTS = 5

const NOWHERE = 'http://127.0.0.1:9/'

const ONE_PIECE = 'its answer is one piece, and has no midst'
const KEEPS_NOTHING = 'the sandbox keeps nothing with it'
const NOT_LOOKED = 'a platform that answers so has not looked at the events'
const RIGHT_IN_THE_END = 'a late answer is a right one: its events are kept sooner or later'

type Storing = Extract<Fault, { store?: boolean | undefined }>

const unavailable = (fault: Storing): TimedFault => ({ outcome: 'unavailable', played: inOnePiece(fault) })
const refused = (fault: Storing): TimedFault => ({ outcome: 'refused', played: inOnePiece(fault) })
const halted = (fault: Fault, why = NOT_LOOKED): TimedFault => ({ outcome: 'halted', played: keptNever(fault, why) })

function inOnePiece(fault: Storing): TimedFault['played'] {
  return { before: fault, during: ONE_PIECE, after: { ...fault, store: true } }
}

function keptNever(fault: Fault, why: string): TimedFault['played'] {
  return { before: fault, during: why, after: why }
}

/** Every fault that the sandbox plays on `batchAdd`. */
export const TIMED_FAULTS: Record<string, TimedFault> = {
  'HTTP 500': unavailable({ kind: 'status', status: 500 }),
  'HTTP 502 with a page': unavailable({ kind: 'status', status: 502, body: '<h1>Bad Gateway</h1>' }),
  'HTTP 503 with Retry-After': unavailable({ kind: 'status', status: 503, retryAfter: '7' }),
  'HTTP 408': unavailable({ kind: 'status', status: 408 }),
  'HTTP 425': unavailable({ kind: 'status', status: 425 }),
  'HTTP 429 with Retry-After': unavailable({ kind: 'status', status: 429, retryAfter: '7' }),
  'an empty 200': unavailable({ kind: 'status', status: 200 }),
  'HTTP 204': unavailable({ kind: 'status', status: 204 }),
  'a 200 that is no answer of the platform’s': unavailable({ kind: 'status', status: 200, body: '{"ok":true}' }),
  'a login page': unavailable({ kind: 'html' }),
  'a reset': unavailable({ kind: 'reset' }),
  'no answer at all': unavailable({ kind: 'hang' }),
  'an answer too late': {
    outcome: 'unavailable',
    played: {
      before: RIGHT_IN_THE_END,
      during: { kind: 'slow', ms: TOO_LATE_MS, part: 'body' },
      after: { kind: 'slow', ms: TOO_LATE_MS },
    },
  },
  'an answer too late, to events that are kept when nobody waits any more': {
    outcome: 'unavailable',
    played: {
      before: RIGHT_IN_THE_END,
      during: { kind: 'slow', ms: TOO_LATE_MS, part: 'body', store: 'after' },
      after: { kind: 'slow', ms: TOO_LATE_MS, store: 'after' },
    },
  },
  'an answer cut in its middle': {
    outcome: 'unavailable',
    played: {
      before: { kind: 'truncated' },
      during: { kind: 'truncated', store: true },
      after: 'cut behind its end, it is whole',
    },
  },
  'a slow answer': {
    outcome: 'delivered',
    played: {
      before: { kind: 'slow', ms: IN_TIME_MS, store: 'after' },
      during: { kind: 'slow', ms: IN_TIME_MS, part: 'body' },
      after: { kind: 'slow', ms: IN_TIME_MS },
    },
  },
  'HTTP 400': refused({ kind: 'status', status: 400 }),
  'HTTP 422': refused({ kind: 'status', status: 422 }),
  'HTTP 413': refused({ kind: 'status', status: 413 }),
  [`a limit of ${MOST_EVENTS} events`]: {
    outcome: 'refused',
    played: keptNever({ kind: 'limit', maxEvents: MOST_EVENTS }, KEEPS_NOTHING),
  },
  'a refusal': refused({ kind: 'refuse', code: '100500', msg: 'busy' }),
  'HTTP 401': halted({ kind: 'status', status: 401 }),
  'HTTP 403': halted({ kind: 'status', status: 403 }),
  'HTTP 404': halted(NOT_FOUND),
  'a redirect': halted({ kind: 'redirect', location: NOWHERE }, KEEPS_NOTHING),
  'a permanent redirect': halted({ kind: 'redirect', location: NOWHERE, status: 308 }, KEEPS_NOTHING),
  'a refused token': halted({ kind: 'refuse', code: '100200' }),
  'a refused app': halted({ kind: 'refuse', code: '100100' }),
  'a refused authorisation': halted({ kind: 'refuse', code: '100300' }),
}
