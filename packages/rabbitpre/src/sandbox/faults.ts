import {
  array,
  discriminatedUnion,
  int,
  literal,
  record,
  strictObject,
  string,
  unknown,
  boolean,
  enum as oneOf,
  type infer as Infer,
} from 'zod'
import type { BatchAddEvent } from '../batch-add.ts'

/**
 * What the sandbox can be told to do wrong. Faults are played in the order given, each for its next `times` calls;
 * one with `match` waits for calls that hold such an event.
 */

/** How many calls the fault is played for. */
const times = () => int().min(1)

/** Members that an event of the call must have; `eventargs` may name a few of its own. */
const match = () => record(string(), unknown())

export const faultSchema = discriminatedUnion('kind', [
  /** An HTTP status instead of an answer: 503, 429 … */
  strictObject({
    kind: literal('status'),
    status: int().min(200).max(599),
    /** The Retry-After header, as it stands. */
    retryAfter: string().optional(),
    /** The body, as it stands. Default: none. */
    body: string().optional(),
    /** Keep the events all the same, as a platform does that fails after its work. Default false. */
    store: boolean().optional(),
    times: times().default(1),
    match: match().optional(),
  }),
  /** A right answer, late. */
  strictObject({
    kind: literal('slow'),
    ms: int().min(0).max(600_000),
    /** Whether the events are kept before the wait (default) or after it. */
    store: oneOf(['before', 'after']).default('before'),
    times: times().default(1),
    match: match().optional(),
  }),
  /** The connection is reset instead of an answer. */
  strictObject({
    kind: literal('reset'),
    /** Keep the events before the reset. Default false. */
    store: boolean().default(false),
    times: times().default(1),
    match: match().optional(),
  }),
  /** A redirect to another address. */
  strictObject({
    kind: literal('redirect'),
    location: string().min(1),
    status: literal([301, 302, 303, 307, 308]).default(302),
    times: times().default(1),
    match: match().optional(),
  }),
  /** A refusal in the platform's form; nothing is kept. Goes on until the faults are cleared, unless `times` is given. */
  strictObject({
    kind: literal('refuse'),
    code: string().default('100500'),
    msg: string().default('refused by script'),
    times: times().optional(),
    match: match().optional(),
  }),
])
export type Fault = Infer<typeof faultSchema>

export const faultScriptSchema = strictObject({ faults: array(faultSchema) })

export interface FaultScript {
  /** Adds faults behind those already there. */
  add(faults: Fault[]): void
  clear(): void
  /** The faults still to be played. */
  left(): Fault[]
  /** The fault for a call with these events; counts it as played. */
  next(events: BatchAddEvent[]): Fault | undefined
}

export function faultScript(): FaultScript {
  let waiting: Fault[] = []
  return {
    add: (faults) => void waiting.push(...faults.map((fault) => ({ ...fault }))),
    clear: () => void (waiting = []),
    left: () => waiting,
    next(events) {
      const fault = waiting.find(({ match }) => !match || events.some((event) => isMatch(event, match)))
      if (fault?.times !== undefined && --fault.times === 0) waiting = waiting.filter((other) => other !== fault)
      return fault
    },
  }
}

function isMatch(value: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return value === wanted
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(wanted).every(([key, member]) => isMatch((value as Record<string, unknown>)[key], member))
}
