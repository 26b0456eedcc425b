import {
  array,
  boolean,
  discriminatedUnion,
  enum as oneOf,
  int,
  literal,
  number,
  record,
  strictObject,
  string,
  unknown,
  type infer as Infer,
  type input as Input,
} from 'zod'

/** What the sandbox can be told to do wrong. How faults take their turns stands in `fault-script.ts`. */

/** What every fault takes. */
const common = {
  /** Which of the two interfaces misbehaves. */
  on: oneOf(['batchAdd', 'token']).default('batchAdd'),
  /** How many calls the fault is played for. Default: once; `refuse`, `limit` and whatever has a `share`, until cleared. */
  times: int().min(1).optional(),
  /** The share of the calls it would meet that it is played for, spread evenly: 0.25 is every fourth. Default: all. */
  share: number().min(0).max(1).optional(),
  /** Members that an event of the call must have; `eventargs` may name a few of its own. */
  match: record(string(), unknown()).optional(),
}

/**
 * Do the work all the same, as a platform that fails after it: the events are kept, or a token is issued (and ends the
 * one before).
 */
const store = () => boolean().default(false)

const anyFaultSchema = discriminatedUnion('kind', [
  /** An HTTP status instead of an answer: 503, 429 … */
  strictObject({
    kind: literal('status'),
    status: int().min(200).max(599),
    /** The Retry-After header, as it stands. */
    retryAfter: string().optional(),
    /** The body, as it stands. Default: none. */
    body: string().optional(),
    store: store().optional(),
    ...common,
  }),
  /** A right answer, late. */
  strictObject({
    kind: literal('slow'),
    ms: int().min(0).max(600_000),
    /** What is late: everything, or the body alone, after headers that come at once. */
    part: oneOf(['headers', 'body']).default('headers'),
    /** Whether the events are kept before the wait (default) or after it. */
    store: oneOf(['before', 'after']).default('before'),
    ...common,
  }),
  /** The connection is reset instead of an answer. */
  strictObject({ kind: literal('reset'), store: store(), ...common }),
  /** The request is read, and no answer ever comes: until the caller goes away. */
  strictObject({ kind: literal('hang'), store: store(), ...common }),
  /** A right answer cut in the middle: the headers promise more than comes before the connection ends. */
  strictObject({ kind: literal('truncated'), store: store(), ...common }),
  /** A 200 with a login page, as a captive portal or a gateway answers. */
  strictObject({ kind: literal('html'), store: store(), ...common }),
  /** A redirect to another address. */
  strictObject({
    kind: literal('redirect'),
    location: string().min(1),
    status: literal([301, 302, 303, 307, 308]).default(302),
    ...common,
  }),
  /** A 413 for calls over a limit; others pass. */
  strictObject({
    kind: literal('limit'),
    /** Bytes of the body. */
    maxBytes: int().min(0).optional(),
    maxEvents: int().min(0).optional(),
    ...common,
  }),
  /** A refusal in the platform's form, with HTTP 200. With a `share`, a platform that is busy now and then. */
  strictObject({
    kind: literal('refuse'),
    code: string().default('100500'),
    msg: string().default('refused by script'),
    store: store(),
    ...common,
  }),
])

export const faultSchema = anyFaultSchema.superRefine((fault, context) => {
  const issue = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message })
  if (fault.on === 'token' && fault.match) issue('match', 'is for batchAdd alone: a token call has no events')
  if (fault.kind !== 'limit') return
  if (fault.on === 'token') issue('on', 'must be batchAdd here: a token call has no size')
  if (fault.maxBytes === undefined && fault.maxEvents === undefined)
    issue('maxEvents', 'is required, or maxBytes: a limit limits something')
})
/** A fault as it is written. */
export type Fault = Input<typeof faultSchema>
/** A fault with its defaults. */
export type ReadyFault = Infer<typeof faultSchema>

export const faultScriptSchema = strictObject({ faults: array(faultSchema) })
