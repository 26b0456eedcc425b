import type { Home } from '../../support/homes/home.ts'

/** A request that is out of the ordinary, what every home makes of it, and what is in the queue afterwards. */
export interface Row {
  name: string
  /** What is written, one piece after the other; the id is this row's own, for the uuids of its events. */
  sends: (id: string) => Part | Part[]
  /** `HEAD`, so that no body is waited for. */
  method?: 'HEAD'
  comes: Outcome
  /** What the platform gets of its one event. */
  arrives?: object
  /** Where a home's own HTTP server decides otherwise, before our code sees the request. */
  unlike?: Unlike[]
}

export type Part = string | Uint8Array | Step

/** What a client does beside writing. */
export type Step =
  | { step: 'awaits an answer' | 'ends' | 'resets' }
  /** Writes this again and again until it hears an answer, or the end. */
  | { step: 'floods'; piece: string | Uint8Array }
export const ANSWER: Step = { step: 'awaits an answer' }
export const END: Step = { step: 'ends' }
export const RESET: Step = { step: 'resets' }

/** What comes back, in this order, and the events that are taken: the ends of their uuids behind the row's id. */
export interface Outcome {
  answers: (Answer | Fate)[]
  takes: string[]
  /** Whether these are taken is left to chance. */
  mayTake?: string[]
}

/**
 * - `refused`: the connection ends, or an error comes, in the server's words or in ours. For bytes that are no HTTP, or
 *   HTTP that a server may refuse: there each has a status of its own (400, 417, 431, 500, 501).
 * - `closed`: the connection ends without a further answer.
 * - `unheard`: the client is gone; nobody hears an answer, or whether there is one.
 */
export type Fate = 'refused' | 'closed' | 'unheard'

/** An answer of ours, the same in every home down to its last header. */
export interface Answer {
  status: number
  /** Of its JSON. */
  body?: unknown
  /** By their names in lower case; undefined for one that must not be there. */
  headers?: Record<string, string | undefined>
}

export interface Unlike {
  homes: Home['name'][]
  comes: Outcome
  why: string
}

const accepted = (count: number): Answer => ({
  status: 200,
  body: { v: 1, accepted: count, rejected: [], retry: [] },
  headers: { 'content-type': 'application/json' },
})

/** The answer to a batch of one event, and the event. */
export const taken: Outcome = { answers: [accepted(1)], takes: [''] }

/** So many events in one batch, each with its number. */
export const allTaken = (count: number): Outcome => ({
  answers: [accepted(count)],
  takes: Array.from({ length: count }, (_, i) => `-${i}`),
})

/** Two requests of one event each. */
export const bothTaken: Outcome = { answers: [accepted(1), accepted(1)], takes: ['-1', '-2'] }

/** One event, rejected for good. */
export const rejected = (code: string, path: string): Outcome => ({
  answers: [{ status: 200, body: { v: 1, accepted: 0, rejected: [{ index: 0, code, path }], retry: [] } }],
  takes: [],
})

/** Every problem is told like this, and every page may read it. */
export const told = (status: number, detail: string, headers: Answer['headers'] = {}): Answer => ({
  status,
  body: { type: 'about:blank', status, detail },
  headers: { 'content-type': 'application/problem+json', 'access-control-allow-origin': '*', ...headers },
})
export const problem = (...given: Parameters<typeof told>): Outcome => ({ answers: [told(...given)], takes: [] })

export const answered = (status: number, given: Omit<Answer, 'status'> = {}): Outcome => ({
  answers: [{ status, ...given }],
  takes: [],
})

export const refused: Outcome = { answers: ['refused'], takes: [] }

/** A home that refuses what the others take. */
export const refusedBy = (homes: Home['name'][], why: string): Unlike[] => [{ homes, comes: refused, why }]

/** A home that takes what the others refuse. */
export const takenBy = (homes: Home['name'][], why: string): Unlike[] => [{ homes, comes: taken, why }]
